import { Identity16 } from "../elementwise/identity.ts";

/** Operations, or versions of them, that opset16 introduced. */
export const opset16 = [Identity16] as const;
