import type { OperationDefinition } from "../../../model/operation.ts";
import type { Output } from "../../../model/output.ts";
import { Convert } from "../../../ops/elementwise/convert.ts";
import { Concat } from "../../../ops/movement/concat.ts";
import { Gather8 } from "../../../ops/movement/gather.ts";
import { Pad1 } from "../../../ops/movement/pad.ts";
import { Reverse } from "../../../ops/movement/reverse.ts";
import { Slice8 } from "../../../ops/movement/slice.ts";
import { Split } from "../../../ops/movement/split.ts";
import { Tile } from "../../../ops/movement/tile.ts";
import { Transpose } from "../../../ops/movement/transpose.ts";
import { CumSum3 } from "../../../ops/reduction/cum-sum.ts";
import { ReduceMax } from "../../../ops/reduction/reduce-max.ts";
import { ReduceMean } from "../../../ops/reduction/reduce-mean.ts";
import { ReduceMin } from "../../../ops/reduction/reduce-min.ts";
import { ReduceProd } from "../../../ops/reduction/reduce-prod.ts";
import { ReduceSum } from "../../../ops/reduction/reduce-sum.ts";
import { ReduceL24 } from "../../../ops/reduction/reduce-l2.ts";
import { TopK11 } from "../../../ops/reduction/top-k.ts";
import { Interpolate4 } from "../../../ops/nn/interpolate.ts";
import { MatMul } from "../../../ops/nn/mat-mul.ts";
import { Broadcast3 } from "../../../ops/shape/broadcast.ts";
import { Reshape } from "../../../ops/shape/reshape.ts";
import { Squeeze1 } from "../../../ops/shape/squeeze.ts";
import { Unsqueeze } from "../../../ops/shape/unsqueeze.ts";
import type { MxnetMapping, MxnetMappings, MxnetNode } from "../mxnet-node.ts";

const list = (node: MxnetNode, values: readonly number[]): Output => node.constant("i64", values);
const reshaped = (node: MxnetNode, x: Output, pattern: readonly number[], special_zero = true): Output =>
  node.add(Reshape, [x, list(node, pattern)], { special_zero });
/** Ends that mean "to the end". */
const farEnd = 2 ** 31 - 1;

/** The codes of Reshape: 0 keeps an axis, -1 takes what is left, -2 keeps all that follow, -3 merges two, -4 splits one in two. */
function reshape(node: MxnetNode): Output {
  const target = node.ints("shape") ?? node.ints("target_shape") ?? node.fail('parameter "shape" is missing');
  const reverse = node.boolean("reverse", false);
  if (!reverse && target.every((d) => d >= -1)) return reshaped(node, node.input(0), target);
  const shape = node.shapeOf(node.input(0));
  const lengths = expandCodes(node, reverse ? shape.toReversed() : shape, reverse ? target.toReversed() : target);
  return reshaped(node, node.input(0), reverse ? lengths.toReversed() : lengths, false);
}

function expandCodes(node: MxnetNode, shape: readonly number[], codes: readonly number[]): number[] {
  const out: number[] = [];
  let at = 0;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code > 0 || code === -1) {
      out.push(code);
      at++;
    } else if (code === 0) out.push(shape[at++]);
    else if (code === -2) {
      out.push(...shape.slice(at));
      at = shape.length;
    } else if (code === -3) {
      out.push(shape[at] * shape[at + 1]);
      at += 2;
    } else if (code === -4) {
      const whole = shape[at++];
      let [a, b] = [codes[++i], codes[++i]];
      if (a === -1) a = whole / b;
      if (b === -1) b = whole / a;
      out.push(a, b);
    } else node.fail('parameter "shape" has an unknown code', { got: String(code) });
  }
  if (out.some((d) => !Number.isInteger(d))) node.fail('parameter "shape" does not fit the input', { got: `[${codes}] for [${shape}]` });
  return out;
}

function transpose(node: MxnetNode): Output {
  const axes = node.ints("axes") ?? [];
  const order = axes.length > 0 ? axes : Array.from({ length: node.rank(node.input(0)) }, (_, i) => i).toReversed();
  return node.add(Transpose, [node.input(0), list(node, order)]);
}

function swapAxes(node: MxnetNode): Output {
  const rank = node.rank(node.input(0));
  const [a, b] = [node.axis(node.int("dim1", 0), rank), node.axis(node.int("dim2", 0), rank)];
  const order = Array.from({ length: rank }, (_, i) => (i === a ? b : i === b ? a : i));
  return node.add(Transpose, [node.input(0), list(node, order)]);
}

function sliced(
  node: MxnetNode,
  starts: readonly number[],
  ends: readonly number[],
  steps: readonly number[],
  axes: readonly number[],
): Output {
  return node.add(Slice8, [node.input(0), list(node, starts), list(node, ends), list(node, steps), list(node, axes)]);
}

function slice(node: MxnetNode): Output {
  const begins = node.tuple("begin") ?? node.fail('parameter "begin" is missing');
  const ends = node.tuple("end") ?? [];
  const steps = begins.map((_, i) => node.tuple("step")?.[i] ?? 1);
  return sliced(
    node,
    begins.map((b, i) => b ?? (steps[i] < 0 ? farEnd : 0)),
    begins.map((_, i) => ends[i] ?? (steps[i] < 0 ? -farEnd : farEnd)),
    steps,
    begins.map((_, i) => i),
  );
}

function sliceAxis(node: MxnetNode): Output {
  const end = node.text("end");
  return sliced(node, [node.int("begin", 0)], [end === undefined ? farEnd : node.int("end")], [1], [node.int("axis")]);
}

/** Cut to the lengths of another tensor, on some axes or on all. */
function sliceLike(node: MxnetNode): Output {
  const like = node.shapeOf(node.input(1));
  const given = node.ints("axes") ?? [];
  const axes = given.length > 0 ? given.map((a) => node.axis(a, like.length)) : like.map((_, i) => i);
  return sliced(
    node,
    axes.map(() => 0),
    axes.map((a) => like[a]),
    axes.map(() => 1),
    axes,
  );
}

/** The first input cut to a size (`h_w`, or that of a second input) at an offset, or in the middle. */
function crop(node: MxnetNode): Output {
  const shape = node.shapeOf(node.input(0)).slice(2);
  const size =
    node.inputs.length > 1 ? node.shapeOf(node.input(1)).slice(2) : (node.ints("h_w") ?? node.fail('parameter "h_w" is missing'));
  const offset = node.boolean("center_crop", false) ? shape.map((d, i) => Math.floor((d - size[i]) / 2)) : (node.ints("offset") ?? [0, 0]);
  return sliced(
    node,
    offset,
    offset.map((o, i) => o + size[i]),
    [1, 1],
    [2, 3],
  );
}

function sliceChannel(node: MxnetNode): readonly Output[] {
  const axis = node.int("axis", 1);
  const parts = node.addNode(Split, [node.input(0), node.constant("i64", axis)], { num_splits: node.int("num_outputs") }).outputs;
  return node.boolean("squeeze_axis", false) ? parts.map((p) => node.add(Squeeze1, [p, list(node, [axis])])) : parts;
}

const concat: MxnetMapping = (node) => node.add(Concat, node.allInputs(), { axis: node.int("dim", 1) });

function stack(node: MxnetNode): Output {
  const axis = node.int("axis", 0);
  const parts = node.allInputs().map((x) => node.add(Unsqueeze, [x, list(node, [axis])]));
  return node.add(Concat, parts, { axis });
}

function pad(node: MxnetNode): Output {
  const widths = node.ints("pad_width") ?? node.fail('parameter "pad_width" is missing');
  const pad_mode = node.oneOf("mode", ["constant", "edge", "reflect"], "constant");
  const at = (odd: 0 | 1): Output =>
    list(
      node,
      widths.filter((_, i) => i % 2 === odd),
    );
  const value = node.constant("f32", node.float("constant_value", 0));
  return node.add(Pad1, [node.input(0), at(0), at(1), ...(pad_mode === "constant" ? [value] : [])], { pad_mode });
}

/** Rows of a table by their numbers, which MXNet may keep as floats. */
function gathered(node: MxnetNode, table: Output, indices: Output, axis: number): Output {
  const whole = node.add(Convert, [indices], { destination_type: "i32" });
  return node.add(Gather8, [table, whole, node.constant("i64", axis)], { batch_dims: 0 });
}

function reduction(op: OperationDefinition): MxnetMapping {
  return (node) => {
    const rank = node.rank(node.input(0));
    const given = node.ints("axis") ?? [];
    const all = Array.from({ length: rank }, (_, i) => i);
    const named = given.map((a) => node.axis(a, rank));
    const axes = named.length === 0 ? all : node.boolean("exclude", false) ? all.filter((a) => !named.includes(a)) : named;
    const keep_dims = node.boolean("keepdims", false);
    const reduced = node.add(op, [node.input(0), list(node, axes)], { keep_dims });
    // MXNet has no scalars: what is reduced to nothing has one element.
    return !keep_dims && axes.length === rank ? reshaped(node, reduced, [1], false) : reduced;
  };
}

/** Enlarges by a whole factor: to the nearest, or bilinear by a transposed convolution, which is not mapped. */
function upSampling(node: MxnetNode): Output {
  if (node.oneOf("sample_type", ["nearest", "bilinear"], "nearest") !== "nearest") node.unsupported("bilinear UpSampling is not supported");
  if (node.inputs.length !== 1) node.unsupported("UpSampling of several inputs is not supported", { got: `${node.inputs.length}` });
  const scale = node.int("scale");
  const sizes = node
    .shapeOf(node.input(0))
    .slice(2)
    .map((d) => d * scale);
  return node.add(
    Interpolate4,
    [
      node.input(0),
      list(node, sizes),
      node.constant(
        "f32",
        sizes.map(() => scale),
      ),
      list(
        node,
        sizes.map((_, i) => i + 2),
      ),
    ],
    {
      mode: "nearest",
      shape_calculation_mode: "scales",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
      antialias: false,
      pads_begin: [0],
      pads_end: [0],
      cube_coeff: -0.75,
    },
  );
}

/** Each element several times, along an axis. */
function repeat(node: MxnetNode): Output {
  const times = node.int("repeats");
  const shape = node.shapeOf(node.input(0));
  const axis = node.has("axis") ? node.axis(node.int("axis"), shape.length) : undefined;
  const [x, at, lengths] =
    axis === undefined ? [reshaped(node, node.input(0), [-1]), 0, [shape.reduce((n, d) => n * d, 1)]] : [node.input(0), axis, shape];
  const spread = node.add(Unsqueeze, [x, list(node, [at + 1])]);
  const tiled = node.add(Tile, [
    spread,
    list(
      node,
      [...lengths.map(() => 1), 1].map((_, i) => (i === at + 1 ? times : 1)),
    ),
  ]);
  return reshaped(
    node,
    tiled,
    lengths.map((d, i) => (i === at ? d * times : d)),
    false,
  );
}

function tile(node: MxnetNode): Output {
  return node.add(Tile, [node.input(0), list(node, node.ints("reps") ?? node.fail('parameter "reps" is missing'))]);
}

function batchDot(node: MxnetNode): Output {
  return node.add(MatMul, [node.input(0), node.input(1)], {
    transpose_a: node.boolean("transpose_a", false),
    transpose_b: node.boolean("transpose_b", false),
  });
}

/** The position of the largest or smallest element, as a float. */
function argument(mode: "max" | "min"): MxnetMapping {
  return (node) => {
    const rank = node.rank(node.input(0));
    const flat = !node.has("axis");
    const x = flat ? reshaped(node, node.input(0), [-1]) : node.input(0);
    const axis = flat ? 0 : node.axis(node.int("axis"), rank);
    const at = node.addNode(TopK11, [x, node.constant("i64", 1)], { axis, mode, sort: "value", index_element_type: "i32", stable: true })
      .outputs[1];
    const kept = node.boolean("keepdims", false) || flat ? at : node.add(Squeeze1, [at, list(node, [axis])]);
    return node.add(Convert, [kept], { destination_type: "f32" });
  };
}

const broadcastTo = (node: MxnetNode): Output => {
  const shape = node.shapeOf(node.input(0));
  const target = (node.ints("shape") ?? node.fail('parameter "shape" is missing')).map((d, i) => (d === 0 ? shape[i] : d));
  return node.add(Broadcast3, [node.input(0), list(node, target)], { mode: "numpy" });
};

export const shapeOperators: MxnetMappings = {
  Concat: concat,
  Crop: crop,
  Embedding: (node) => gathered(node, node.input(1), node.input(0), 0),
  Flatten: (node) => reshaped(node, node.input(0), [0, -1]),
  Pad: pad,
  Reshape: reshape,
  SliceChannel: sliceChannel,
  SwapAxis: swapAxes,
  Take: (node) => gathered(node, node.input(0), node.input(1), node.int("axis", 0)),
  Tile: tile,
  UpSampling: upSampling,
  argmax: argument("max"),
  argmin: argument("min"),
  batch_dot: batchDot,
  broadcast_to: broadcastTo,
  concat,
  cumsum: (node) => node.add(CumSum3, [node.input(0), node.constant("i64", node.int("axis", 0))], { exclusive: false, reverse: false }),
  dot: batchDot,
  expand_dims: (node) => node.add(Unsqueeze, [node.input(0), list(node, [node.int("axis")])]),
  flatten: (node) => reshaped(node, node.input(0), [0, -1]),
  max: reduction(ReduceMax),
  mean: reduction(ReduceMean),
  min: reduction(ReduceMin),
  norm: reduction(ReduceL24),
  pad,
  prod: reduction(ReduceProd),
  repeat,
  reshape,
  reverse: (node) => node.add(Reverse, [node.input(0), list(node, node.ints("axis") ?? [])], { mode: "index" }),
  slice,
  slice_axis: sliceAxis,
  slice_channel: sliceChannel,
  slice_like: sliceLike,
  split: sliceChannel,
  squeeze: (node) => node.add(Squeeze1, [node.input(0), ...(node.has("axis") ? [list(node, node.ints("axis") ?? [])] : [])]),
  stack,
  sum: reduction(ReduceSum),
  swapaxes: swapAxes,
  take: (node) => gathered(node, node.input(0), node.input(1), node.int("axis", 0)),
  tile,
  transpose,
};
