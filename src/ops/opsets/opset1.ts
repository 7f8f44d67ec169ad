import { TensorIterator } from "../control-flow/tensor-iterator.ts";
import { Abs } from "../elementwise/abs.ts";
import { Acos } from "../elementwise/acos.ts";
import { Add } from "../elementwise/add.ts";
import { Asin } from "../elementwise/asin.ts";
import { Atan } from "../elementwise/atan.ts";
import { Ceiling } from "../elementwise/ceiling.ts";
import { Clamp } from "../elementwise/clamp.ts";
import { ConvertLike } from "../elementwise/convert-like.ts";
import { Convert } from "../elementwise/convert.ts";
import { Cos } from "../elementwise/cos.ts";
import { Cosh } from "../elementwise/cosh.ts";
import { Divide } from "../elementwise/divide.ts";
import { Elu } from "../elementwise/elu.ts";
import { Equal } from "../elementwise/equal.ts";
import { Erf } from "../elementwise/erf.ts";
import { Exp } from "../elementwise/exp.ts";
import { FloorMod } from "../elementwise/floor-mod.ts";
import { Floor } from "../elementwise/floor.ts";
import { GreaterEqual } from "../elementwise/greater-equal.ts";
import { Greater } from "../elementwise/greater.ts";
import { HardSigmoid } from "../elementwise/hard-sigmoid.ts";
import { LessEqual } from "../elementwise/less-equal.ts";
import { Less } from "../elementwise/less.ts";
import { Log } from "../elementwise/log.ts";
import { LogicalAnd } from "../elementwise/logical-and.ts";
import { LogicalNot } from "../elementwise/logical-not.ts";
import { LogicalOr } from "../elementwise/logical-or.ts";
import { LogicalXor } from "../elementwise/logical-xor.ts";
import { Maximum } from "../elementwise/maximum.ts";
import { Minimum } from "../elementwise/minimum.ts";
import { Mod } from "../elementwise/mod.ts";
import { Multiply } from "../elementwise/multiply.ts";
import { Negative } from "../elementwise/negative.ts";
import { NotEqual } from "../elementwise/not-equal.ts";
import { PRelu } from "../elementwise/p-relu.ts";
import { Power } from "../elementwise/power.ts";
import { Relu } from "../elementwise/relu.ts";
import { Select } from "../elementwise/select.ts";
import { Selu } from "../elementwise/selu.ts";
import { Sigmoid } from "../elementwise/sigmoid.ts";
import { Sign } from "../elementwise/sign.ts";
import { Sin } from "../elementwise/sin.ts";
import { Sinh } from "../elementwise/sinh.ts";
import { Sqrt } from "../elementwise/sqrt.ts";
import { SquaredDifference } from "../elementwise/squared-difference.ts";
import { Subtract } from "../elementwise/subtract.ts";
import { Tan } from "../elementwise/tan.ts";
import { Tanh } from "../elementwise/tanh.ts";
import { Constant } from "../infrastructure/constant.ts";
import { Parameter } from "../infrastructure/parameter.ts";
import { Result } from "../infrastructure/result.ts";
import { Concat } from "../movement/concat.ts";
import { DepthToSpace } from "../movement/depth-to-space.ts";
import { Gather1 } from "../movement/gather.ts";
import { OneHot1 } from "../movement/one-hot.ts";
import { Pad1 } from "../movement/pad.ts";
import { ReverseSequence } from "../movement/reverse-sequence.ts";
import { Reverse } from "../movement/reverse.ts";
import { ShuffleChannels } from "../movement/shuffle-channels.ts";
import { SpaceToDepth } from "../movement/space-to-depth.ts";
import { Split } from "../movement/split.ts";
import { StridedSlice } from "../movement/strided-slice.ts";
import { Tile } from "../movement/tile.ts";
import { Transpose } from "../movement/transpose.ts";
import { VariadicSplit } from "../movement/variadic-split.ts";
import { AvgPool1 } from "../nn/avg-pool.ts";
import { ConvolutionBackpropData } from "../nn/convolution-backprop-data.ts";
import { Convolution } from "../nn/convolution.ts";
import { DetectionOutput1 } from "../nn/detection-output.ts";
import { FakeQuantize } from "../nn/fake-quantize.ts";
import { GroupConvolutionBackpropData } from "../nn/group-convolution-backprop-data.ts";
import { GroupConvolution } from "../nn/group-convolution.ts";
import { Interpolate1 } from "../nn/interpolate.ts";
import { LSTMCell1 } from "../nn/lstm-cell.ts";
import { MatMul } from "../nn/mat-mul.ts";
import { MaxPool1 } from "../nn/max-pool.ts";
import { PriorBoxClustered } from "../nn/prior-box-clustered.ts";
import { PriorBox1 } from "../nn/prior-box.ts";
import { RNNCell } from "../nn/rnn-cell.ts";
import { BatchNormInference1 } from "../normalization/batch-norm-inference.ts";
import { LRN } from "../normalization/lrn.ts";
import { NormalizeL2 } from "../normalization/normalize-l2.ts";
import { Softmax1 } from "../normalization/softmax.ts";
import { ReduceLogicalAnd } from "../reduction/reduce-logical-and.ts";
import { ReduceLogicalOr } from "../reduction/reduce-logical-or.ts";
import { ReduceMax } from "../reduction/reduce-max.ts";
import { ReduceMean } from "../reduction/reduce-mean.ts";
import { ReduceMin } from "../reduction/reduce-min.ts";
import { ReduceProd } from "../reduction/reduce-prod.ts";
import { ReduceSum } from "../reduction/reduce-sum.ts";
import { TopK1 } from "../reduction/top-k.ts";
import { Broadcast1 } from "../shape/broadcast.ts";
import { Range1 } from "../shape/range.ts";
import { Reshape } from "../shape/reshape.ts";
import { ShapeOf1 } from "../shape/shape-of.ts";
import { Squeeze1 } from "../shape/squeeze.ts";
import { Unsqueeze } from "../shape/unsqueeze.ts";

/** Operations, or versions of them, that opset1 introduced. */
export const opset1 = [
  Abs,
  Acos,
  Add,
  Asin,
  Atan,
  AvgPool1,
  BatchNormInference1,
  Broadcast1,
  Ceiling,
  Clamp,
  Concat,
  Constant,
  Convert,
  ConvertLike,
  Convolution,
  ConvolutionBackpropData,
  Cos,
  Cosh,
  DepthToSpace,
  DetectionOutput1,
  Divide,
  Elu,
  Equal,
  Erf,
  Exp,
  FakeQuantize,
  Floor,
  FloorMod,
  Gather1,
  Greater,
  GreaterEqual,
  GroupConvolution,
  GroupConvolutionBackpropData,
  HardSigmoid,
  Interpolate1,
  LRN,
  LSTMCell1,
  Less,
  LessEqual,
  Log,
  LogicalAnd,
  LogicalNot,
  LogicalOr,
  LogicalXor,
  MatMul,
  MaxPool1,
  Maximum,
  Minimum,
  Mod,
  Multiply,
  Negative,
  NormalizeL2,
  NotEqual,
  OneHot1,
  PRelu,
  Pad1,
  Parameter,
  Power,
  PriorBox1,
  PriorBoxClustered,
  RNNCell,
  Range1,
  ReduceLogicalAnd,
  ReduceLogicalOr,
  ReduceMax,
  ReduceMean,
  ReduceMin,
  ReduceProd,
  ReduceSum,
  Relu,
  Reshape,
  Result,
  Reverse,
  ReverseSequence,
  Select,
  Selu,
  ShapeOf1,
  ShuffleChannels,
  Sigmoid,
  Sign,
  Sin,
  Sinh,
  Softmax1,
  SpaceToDepth,
  Split,
  Sqrt,
  SquaredDifference,
  Squeeze1,
  StridedSlice,
  Subtract,
  Tan,
  Tanh,
  TensorIterator,
  Tile,
  TopK1,
  Transpose,
  Unsqueeze,
  VariadicSplit,
] as const;
