import { TopK11 } from "../reduction/top-k.ts";

/** Operations, or versions of them, that opset11 introduced. */
export const opset11 = [TopK11] as const;
