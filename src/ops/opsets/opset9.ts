import { SoftSign9 } from "../elementwise/soft-sign.ts";
import { NonMaxSuppression9 } from "../nn/non-max-suppression.ts";

/** Operations, or versions of them, that opset9 introduced. */
export const opset9 = [NonMaxSuppression9, SoftSign9] as const;
