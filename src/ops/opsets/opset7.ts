import { Gelu7 } from "../elementwise/gelu.ts";
import { Gather7 } from "../movement/gather.ts";
import { Roll7 } from "../movement/roll.ts";

/** Operations, or versions of them, that opset7 introduced. */
export const opset7 = [Gather7, Gelu7, Roll7] as const;
