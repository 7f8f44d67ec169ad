import { ExtractImagePatches3 } from "../movement/extract-image-patches.ts";
import { NonZero3 } from "../movement/non-zero.ts";
import { ScatterElementsUpdate3 } from "../movement/scatter-elements-update.ts";
import { ScatterNDUpdate3 } from "../movement/scatter-nd-update.ts";
import { ScatterUpdate3 } from "../movement/scatter-update.ts";
import { GRUCell3 } from "../nn/gru-cell.ts";
import { CumSum3 } from "../reduction/cum-sum.ts";
import { TopK3 } from "../reduction/top-k.ts";
import { Broadcast3 } from "../shape/broadcast.ts";
import { ShapeOf3 } from "../shape/shape-of.ts";
import { Assign3 } from "../state/assign.ts";
import { ReadValue3 } from "../state/read-value.ts";

/** Operations, or versions of them, that opset3 introduced. */
export const opset3 = [
  Assign3,
  Broadcast3,
  CumSum3,
  ExtractImagePatches3,
  GRUCell3,
  NonZero3,
  ReadValue3,
  ScatterElementsUpdate3,
  ScatterNDUpdate3,
  ScatterUpdate3,
  ShapeOf3,
  TopK3,
] as const;
