import { SoftSign9 } from "../elementwise/soft-sign.ts";

/** Operations, or versions of them, that opset9 introduced. */
export const opset9 = [SoftSign9] as const;
