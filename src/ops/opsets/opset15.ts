import { ScatterNDUpdate15 } from "../movement/scatter-nd-update.ts";
import { Squeeze15 } from "../shape/squeeze.ts";

/** Operations, or versions of them, that opset15 introduced. */
export const opset15 = [ScatterNDUpdate15, Squeeze15] as const;
