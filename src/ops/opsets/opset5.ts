import { Loop5 } from "../control-flow/loop.ts";
import { HSigmoid5 } from "../elementwise/h-sigmoid.ts";
import { Round5 } from "../elementwise/round.ts";
import { GatherND5 } from "../movement/gather-nd.ts";
import { GRUSequence5 } from "../nn/gru-sequence.ts";
import { LSTMSequence5 } from "../nn/lstm-sequence.ts";
import { NonMaxSuppression5 } from "../nn/non-max-suppression.ts";
import { RNNSequence5 } from "../nn/rnn-sequence.ts";
import { BatchNormInference5 } from "../normalization/batch-norm-inference.ts";
import { LogSoftmax5 } from "../normalization/log-softmax.ts";

/** Operations, or versions of them, that opset5 introduced. */
export const opset5 = [
  BatchNormInference5,
  GRUSequence5,
  GatherND5,
  HSigmoid5,
  LSTMSequence5,
  LogSoftmax5,
  Loop5,
  NonMaxSuppression5,
  RNNSequence5,
  Round5,
] as const;
