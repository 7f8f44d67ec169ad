import { Interpolate11 } from "../nn/interpolate.ts";
import { TopK11 } from "../reduction/top-k.ts";

/** Operations, or versions of them, that opset11 introduced. */
export const opset11 = [Interpolate11, TopK11] as const;
