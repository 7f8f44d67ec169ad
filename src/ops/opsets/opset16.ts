import { Identity16 } from "../elementwise/identity.ts";
import { OneHot16 } from "../movement/one-hot.ts";
import { AvgPool16 } from "../nn/avg-pool.ts";

/** Operations, or versions of them, that opset16 introduced. */
export const opset16 = [AvgPool16, Identity16, OneHot16] as const;
