import { Gather8 } from "../movement/gather.ts";
import { Slice8 } from "../movement/slice.ts";
import { MaxPool8 } from "../nn/max-pool.ts";
import { Softmax8 } from "../normalization/softmax.ts";

/** Operations, or versions of them, that opset8 introduced. */
export const opset8 = [Gather8, MaxPool8, Slice8, Softmax8] as const;
