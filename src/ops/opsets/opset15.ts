import { Squeeze15 } from "../shape/squeeze.ts";

/** Operations, or versions of them, that opset15 introduced. */
export const opset15 = [Squeeze15] as const;
