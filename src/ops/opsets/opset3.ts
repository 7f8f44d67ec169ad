import { CumSum3 } from "../reduction/cum-sum.ts";
import { TopK3 } from "../reduction/top-k.ts";
import { Broadcast3 } from "../shape/broadcast.ts";
import { ShapeOf3 } from "../shape/shape-of.ts";

/** Operations, or versions of them, that opset3 introduced. */
export const opset3 = [Broadcast3, CumSum3, ShapeOf3, TopK3] as const;
