import { If8 } from "../control-flow/if.ts";
import { GatherND8 } from "../movement/gather-nd.ts";
import { Gather8 } from "../movement/gather.ts";
import { Slice8 } from "../movement/slice.ts";
import { AdaptiveAvgPool8 } from "../nn/adaptive-avg-pool.ts";
import { AdaptiveMaxPool8 } from "../nn/adaptive-max-pool.ts";
import { DetectionOutput8 } from "../nn/detection-output.ts";
import { MaxPool8 } from "../nn/max-pool.ts";
import { PriorBox8 } from "../nn/prior-box.ts";
import { Softmax8 } from "../normalization/softmax.ts";

/** Operations, or versions of them, that opset8 introduced. */
export const opset8 = [
  AdaptiveAvgPool8,
  AdaptiveMaxPool8,
  DetectionOutput8,
  Gather8,
  GatherND8,
  If8,
  MaxPool8,
  PriorBox8,
  Slice8,
  Softmax8,
] as const;
