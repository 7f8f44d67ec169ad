import { AvgPool14 } from "../nn/avg-pool.ts";
import { MaxPool14 } from "../nn/max-pool.ts";

/** Operations, or versions of them, that opset14 introduced. */
export const opset14 = [AvgPool14, MaxPool14] as const;
