import type { KaldiMatrix } from "../../formats/kaldi/read-kaldi.ts";
import type { OperationDefinition } from "../../model/operation.ts";
import type { Output } from "../../model/output.ts";
import { Add } from "../../ops/elementwise/add.ts";
import { Clamp } from "../../ops/elementwise/clamp.ts";
import { Divide } from "../../ops/elementwise/divide.ts";
import { Log } from "../../ops/elementwise/log.ts";
import { Maximum } from "../../ops/elementwise/maximum.ts";
import { Multiply } from "../../ops/elementwise/multiply.ts";
import { Power } from "../../ops/elementwise/power.ts";
import { Abs } from "../../ops/elementwise/abs.ts";
import { PRelu } from "../../ops/elementwise/p-relu.ts";
import { Relu } from "../../ops/elementwise/relu.ts";
import { Sigmoid } from "../../ops/elementwise/sigmoid.ts";
import { Sqrt } from "../../ops/elementwise/sqrt.ts";
import { Tanh } from "../../ops/elementwise/tanh.ts";
import { Concat } from "../../ops/movement/concat.ts";
import { Gather8 } from "../../ops/movement/gather.ts";
import { Split } from "../../ops/movement/split.ts";
import { MatMul } from "../../ops/nn/mat-mul.ts";
import { LogSoftmax5 } from "../../ops/normalization/log-softmax.ts";
import { Softmax8 } from "../../ops/normalization/softmax.ts";
import { ReduceMax } from "../../ops/reduction/reduce-max.ts";
import { ReduceMean } from "../../ops/reduction/reduce-mean.ts";
import { ReduceSum } from "../../ops/reduction/reduce-sum.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import type { ComponentMapping, ComponentMappings, KaldiComponent } from "./kaldi-component.ts";

const same: ComponentMapping = (c) => c.input;
const unary =
  (op: OperationDefinition): ComponentMapping =>
  (c) =>
    c.add(op, [c.input]);

/** x W^T + b, for weights [outputs, inputs]. */
export function affine(c: KaldiComponent, weights: KaldiMatrix, bias: KaldiMatrix | undefined, input: Output = c.input): Output {
  const dim = input.partialShape.dimensions?.[1];
  if (dim !== weights.columns)
    c.fail("the weights do not fit the input", { expected: `${weights.columns} numbers a frame`, got: String(dim) });
  const product = c.add(MatMul, [input, c.weights(weights)], { transpose_a: false, transpose_b: true });
  return bias === undefined || bias.data.length === 0 ? product : c.add(Add, [product, c.vector(bias, weights.rows)]);
}

const fixedAffine: ComponentMapping = (c) => affine(c, c.matrix("<LinearParams>"), c.matrix("<BiasParams>"));
const linear: ComponentMapping = (c) => affine(c, c.matrix(c.has("<Params>") ? "<Params>" : "<LinearParams>"), undefined);

/** One vector for each frame, or, with a dimension of blocks, for each block of it. */
function perElement(op: OperationDefinition, field: string): ComponentMapping {
  return (c) => inBlocks(c, c.matrix(field).data.length, (x) => c.add(op, [x, c.vector(c.matrix(field))]));
}

/** Applies `map` to [frames * blocks, size] and gives the frames back. */
function inBlocks(c: KaldiComponent, size: number, map: (x: Output) => Output): Output {
  if (size === c.inputDim) return map(c.input);
  if (size < 1 || c.inputDim % size !== 0)
    c.fail("the parameters do not divide a frame", { expected: `a divisor of ${c.inputDim}`, got: `${size}` });
  const blocks = c.add(Reshape, [c.input, c.constant("i64", [-1, size])], { special_zero: false });
  return c.add(Reshape, [map(blocks), c.constant("i64", [-1, c.inputDim])], { special_zero: false });
}

/** (x - mean) / sqrt(variance + epsilon) * target, with the statistics of training. */
function batchNorm(c: KaldiComponent): Output {
  const [epsilon, target] = [c.float("<Epsilon>", 1e-3), c.float("<TargetRms>", 1)];
  const [mean, variance] = [c.matrix("<StatsMean>"), c.matrix("<StatsVar>")];
  const scale = variance.data.map((v) => target / Math.sqrt(v + epsilon));
  const vector = (data: Float32Array): Output => c.vector({ rows: 1, columns: data.length, data }, mean.data.length);
  return inBlocks(c, mean.data.length, (x) =>
    c.add(Add, [c.add(Multiply, [x, vector(scale)]), vector(mean.data.map((m, i) => -m * scale[i]))]),
  );
}

/** Frames of a root mean square of `target` (NormalizeComponent); the floor keeps silence finite. */
function normalize(c: KaldiComponent): Output {
  const target = c.float("<TargetRms>", 1);
  const size = c.int("<BlockDim>", c.inputDim);
  const floor = 1.35525271560688e-20;
  const normal = inBlocks(c, size, (x) => {
    const mean = c.add(ReduceMean, [c.add(Multiply, [x, x]), c.constant("i64", [1])], { keep_dims: true });
    const root = c.add(Sqrt, [c.add(Maximum, [mean, c.constant("f32", floor)])]);
    return c.add(Multiply, [x, c.add(Divide, [c.constant("f32", target), root])]);
  });
  if (!c.boolean("<AddLogStddev>", false)) return normal;
  if (size !== c.inputDim) return c.unsupported("the logarithm of the deviation of blocks is not supported");
  const mean = c.add(ReduceMean, [c.add(Multiply, [c.input, c.input]), c.constant("i64", [1])], { keep_dims: true });
  const deviation = c.add(Log, [c.add(Sqrt, [c.add(Maximum, [mean, c.constant("f32", floor)])])]);
  return c.add(Concat, [normal, deviation], { axis: 1 });
}

/** Gates i, f, c, o and the cell before, with diagonal weights of the cell; gives the new cell and the output (LstmNonlinearityComponent). */
function lstmNonlinearity(c: KaldiComponent): Output {
  const params = c.matrix("<Params>");
  const cells = params.columns;
  // Newer versions append three dropout masks, which are 1 here.
  const used = c.inputDim === 5 * cells + 3 ? firstOf(c, 5 * cells) : c.input;
  if (params.rows !== 3 || (c.inputDim !== 5 * cells && used === c.input))
    c.fail("the input does not have five parts", { expected: `${5 * cells} numbers a frame`, got: `${c.inputDim}` });
  const [i, f, g, o, before] = c.addNode(Split, [used, c.constant("i64", 1)], { num_splits: 5 }).outputs;
  const diagonal = (row: number): Output =>
    c.vector({ rows: 1, columns: cells, data: params.data.subarray(row * cells, (row + 1) * cells) });
  const gate = (x: Output, row: number, cell: Output): Output => c.add(Sigmoid, [c.add(Add, [x, c.add(Multiply, [cell, diagonal(row)])])]);
  const kept = c.add(Multiply, [gate(f, 1, before), before]);
  const cell = c.add(Add, [kept, c.add(Multiply, [gate(i, 0, before), c.add(Tanh, [g])])]);
  const output = c.add(Multiply, [gate(o, 2, cell), c.add(Tanh, [cell])]);
  return c.add(Concat, [cell, output], { axis: 1 });
}

const firstOf = (c: KaldiComponent, count: number): Output =>
  c.add(
    Gather8,
    [
      c.input,
      c.constant(
        "i64",
        Array.from({ length: count }, (_, i) => i),
      ),
      c.constant("i64", 1),
    ],
    { batch_dims: 0 },
  );

/** Groups of equal size: their p-norm. */
function pNorm(c: KaldiComponent): Output {
  const [inputs, outputs, p] = [c.int("<InputDim>"), c.int("<OutputDim>"), c.float("<P>", 2)];
  if (outputs < 1 || inputs % outputs !== 0) c.fail("the groups do not divide the input", { got: `${inputs} by ${outputs}` });
  const groups = c.add(Reshape, [c.input, c.constant("i64", [0, outputs, inputs / outputs])], { special_zero: true });
  const powers = p === 2 ? c.add(Multiply, [groups, groups]) : c.add(Power, [c.add(Abs, [groups]), c.constant("f32", p)]);
  const sum = c.add(ReduceSum, [powers, c.constant("i64", [2])], { keep_dims: false });
  return p === 2 ? c.add(Sqrt, [sum]) : c.add(Power, [sum, c.constant("f32", 1 / p)]);
}

/** The greatest of each group (Maxout), or the sum of groups of given sizes. */
function maxout(c: KaldiComponent): Output {
  const outputs = c.int("<OutputDim>");
  const groups = c.add(Reshape, [c.input, c.constant("i64", [0, outputs, c.inputDim / outputs])], { special_zero: true });
  return c.add(ReduceMax, [groups, c.constant("i64", [2])], { keep_dims: false });
}

function sumGroup(c: KaldiComponent): Output {
  const sizes = c.ints("<Sizes>");
  const total = sizes.reduce((n, d) => n + d, 0);
  if (total !== c.inputDim) c.fail("the groups do not add up to the input", { expected: `${c.inputDim}`, got: `${total}` });
  const data = new Float32Array(sizes.length * total);
  let at = 0;
  for (const [row, size] of sizes.entries()) for (let k = 0; k < size; k++) data[row * total + at++] = 1;
  return affine(c, { rows: sizes.length, columns: total, data }, undefined);
}

/** Halves multiplied with each other (ElementwiseProduct). */
function product(c: KaldiComponent): Output {
  const outputs = c.int("<OutputDim>");
  const parts = c.addNode(Split, [c.input, c.constant("i64", 1)], { num_splits: c.inputDim / outputs }).outputs;
  return parts.slice(1).reduce<Output>((x, y) => c.add(Multiply, [x, y]), parts[0]);
}

const permute: ComponentMapping = (c) =>
  c.add(Gather8, [c.input, c.constant("i64", c.ints("<ColumnMap>")), c.constant("i64", 1)], { batch_dims: 0 });

/** Weights of blocks along the diagonal: [outputs, inputs of a block]. */
function blockAffine(c: KaldiComponent): Output {
  const [weights, bias] = [c.matrix("<LinearParams>"), c.matrix("<BiasParams>")];
  const blocks = c.int("<NumBlocks>");
  const parts = c.addNode(Split, [c.input, c.constant("i64", 1)], { num_splits: blocks }).outputs;
  const rows = weights.rows / blocks;
  const outputs = parts.map((x, b) => {
    const own = {
      rows,
      columns: weights.columns,
      data: weights.data.subarray(b * rows * weights.columns, (b + 1) * rows * weights.columns),
    };
    return affine(c, own, undefined, x);
  });
  return c.add(Add, [c.add(Concat, outputs, { axis: 1 }), c.vector(bias, weights.rows)]);
}

/** Affine transforms of nnet1, whose sizes and weights stand without fields. */
const affineOfNnet1: ComponentMapping = (c) => affine(c, c.matrix("", 0), c.matrix("", 1));

export const componentMappings: ComponentMappings = {
  AffineComponent: fixedAffine,
  AffineComponentPreconditioned: fixedAffine,
  AffineComponentPreconditionedOnline: fixedAffine,
  AffineTransform: affineOfNnet1,
  AddShift: (c) => c.add(Add, [c.input, c.vector(c.matrix(""), c.inputDim)]),
  BackpropTruncationComponent: (c) => scaled(c),
  BatchNormComponent: batchNorm,
  BlockAffineComponent: blockAffine,
  ClipGradientComponent: same,
  DropoutComponent: same,
  ElementwiseProductComponent: product,
  FixedAffineComponent: fixedAffine,
  FixedBiasComponent: perElement(Add, "<Bias>"),
  FixedLinearComponent: (c) => affine(c, c.matrix("<CuMatrix>"), undefined),
  FixedScaleComponent: perElement(Multiply, "<Scales>"),
  GeneralDropoutComponent: same,
  LinearComponent: linear,
  LinearTransform: (c) => affine(c, c.matrix(""), undefined),
  LogSoftmaxComponent: (c) => c.add(LogSoftmax5, [c.input], { axis: 1 }),
  LstmNonlinearityComponent: lstmNonlinearity,
  MaxoutComponent: maxout,
  NaturalGradientAffineComponent: fixedAffine,
  NaturalGradientPerElementScaleComponent: perElement(Multiply, "<Params>"),
  NoOpComponent: (c) => scaled(c),
  NormalizeComponent: normalize,
  ParametricRelu: (c) => c.add(PRelu, [c.input, c.vector(c.matrix("", 1), c.inputDim)]),
  PerElementOffsetComponent: perElement(Add, "<Offsets>"),
  PerElementScaleComponent: perElement(Multiply, "<Params>"),
  PermuteComponent: permute,
  PnormComponent: pNorm,
  RectifiedLinearComponent: unary(Relu),
  Relu: unary(Relu),
  Rescale: (c) => c.add(Multiply, [c.input, c.vector(c.matrix(""), c.inputDim)]),
  ScaleAndOffsetComponent: (c) => {
    const [scales, offsets] = [c.matrix("<Scales>"), c.matrix("<Offsets>")];
    return inBlocks(c, scales.data.length, (x) =>
      c.add(Add, [c.add(Multiply, [x, c.vector(scales)]), c.vector(offsets, scales.data.length)]),
    );
  },
  Sigmoid: unary(Sigmoid),
  SigmoidComponent: unary(Sigmoid),
  Softmax: (c) => c.add(Softmax8, [c.input], { axis: 1 }),
  SoftmaxComponent: (c) => c.add(Softmax8, [c.input], { axis: 1 }),
  SpecAugmentTimeMaskComponent: same,
  SumGroupComponent: sumGroup,
  Tanh: unary(Tanh),
  TanhComponent: unary(Tanh),
  ClipComponent: (c) => c.add(Clamp, [c.input], { min: c.float("<MinClip>", -1e30), max: c.float("<MaxClip>", 1e30) }),
};

/** What scales the values forward as well, where its scale is not 1. */
function scaled(c: KaldiComponent): Output {
  const factor = c.float("<Scale>", 1);
  return factor === 1 ? c.input : c.add(Multiply, [c.input, c.constant("f32", factor)]);
}
