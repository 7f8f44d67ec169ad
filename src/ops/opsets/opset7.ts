import { Gelu7 } from "../elementwise/gelu.ts";
import { Gather7 } from "../movement/gather.ts";

/** Operations, or versions of them, that opset7 introduced. */
export const opset7 = [Gather7, Gelu7] as const;
