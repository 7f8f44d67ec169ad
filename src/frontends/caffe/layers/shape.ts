import type { Output } from "../../../model/output.ts";
import { Interpolate4 } from "../../../ops/nn/interpolate.ts";
import { Concat } from "../../../ops/movement/concat.ts";
import { ShuffleChannels } from "../../../ops/movement/shuffle-channels.ts";
import { Slice8 } from "../../../ops/movement/slice.ts";
import { Split } from "../../../ops/movement/split.ts";
import { Tile } from "../../../ops/movement/tile.ts";
import { Transpose } from "../../../ops/movement/transpose.ts";
import { VariadicSplit } from "../../../ops/movement/variadic-split.ts";
import { Convert } from "../../../ops/elementwise/convert.ts";
import { Multiply } from "../../../ops/elementwise/multiply.ts";
import { ReduceL14 } from "../../../ops/reduction/reduce-l1.ts";
import { ReduceMean } from "../../../ops/reduction/reduce-mean.ts";
import { ReduceSum } from "../../../ops/reduction/reduce-sum.ts";
import { TopK11 } from "../../../ops/reduction/top-k.ts";
import { Reshape } from "../../../ops/shape/reshape.ts";
import { Unsqueeze } from "../../../ops/shape/unsqueeze.ts";
import type { CaffeLayer } from "../caffe-layer.ts";
import type { LayerMappings } from "../layer-mapping.ts";

const reshaped = (layer: CaffeLayer, x: Output, pattern: readonly number[]): Output =>
  layer.add(Reshape, [x, layer.constant("i64", pattern)], { special_zero: true });

/** The old spelling of an axis, where it is there. */
const axisOf = (layer: CaffeLayer, parameter: string, old: string): number =>
  layer.axis(layer.parameter(parameter).int(old) ?? layer.parameter(parameter).int("axis", 1), layer.rank(layer.input(0)));

const concat = (layer: CaffeLayer): Output => layer.add(Concat, layer.inputs, { axis: axisOf(layer, "concat_param", "concat_dim") });

/** Cut at the given points, or into equal parts. */
function slice(layer: CaffeLayer): readonly Output[] {
  const axis = layer.constant("i64", axisOf(layer, "slice_param", "slice_dim"));
  const points = layer.parameter("slice_param").ints("slice_point");
  const count = layer.tops.length;
  if (count === 1) return [layer.input(0)];
  if (points.length === 0) return layer.addNode(Split, [layer.input(0), axis], { num_splits: count }).outputs;
  if (points.length !== count - 1 || points.some((p, i) => p <= (points[i - 1] ?? 0)))
    layer.fail('field "slice_point" must rise, and have one point less than there are tops', {
      expected: `${count - 1} points`,
      got: `[${points}]`,
    });
  const lengths = [...points.map((p, i) => p - (points[i - 1] ?? 0)), -1];
  return layer.addNode(VariadicSplit, [layer.input(0), axis, layer.constant("i64", lengths)]).outputs;
}

/** Lengths of the axes behind `first`, as a pattern of Reshape at other positions: they must be known. */
function flatten(layer: CaffeLayer): Output {
  const fields = layer.parameter("flatten_param");
  const rank = layer.rank(layer.input(0));
  const first = layer.axis(fields.int("axis", 1), rank);
  const last = layer.axis(fields.int("end_axis", -1), rank);
  const kept = Array.from({ length: first }, () => 0);
  const behind = last === rank - 1 ? [] : layer.shape(0).slice(last + 1);
  return reshaped(layer, layer.input(0), [...kept, -1, ...behind]);
}

/** The axes [axis, axis + num_axes) become `shape`, in which 0 keeps the axis at that position and -1 takes what is left. */
function reshape(layer: CaffeLayer): Output {
  const fields = layer.parameter("reshape_param");
  const target = fields.sub("shape").ints("dim");
  const rank = layer.rank(layer.input(0));
  const axis = fields.int("axis", 0);
  const first = axis < 0 ? axis + rank + 1 : axis;
  const count = fields.int("num_axes", -1);
  const end = count < 0 ? rank : first + count;
  if (first < 0 || first > rank || end > rank)
    layer.fail("the axes are out of range", { expected: `within ${rank}`, got: `${first} to ${end}` });
  if (first === 0 && end === rank) return reshaped(layer, layer.input(0), target);
  const shape = layer.shape(0);
  const pattern = [...shape.slice(0, first), ...target.map((d, i) => (d === 0 ? shape[first + i] : d)), ...shape.slice(end)];
  return reshaped(layer, layer.input(0), pattern);
}

/** The first bottom cut to the second's size from `axis` on. */
function crop(layer: CaffeLayer): Output {
  const fields = layer.parameter("crop_param");
  const [shape, wanted] = [layer.shape(0), layer.shape(1)];
  const first = layer.axis(fields.int("axis", 2), shape.length);
  const offsets = fields.ints("offset");
  const axes = shape.map((_, i) => i).filter((i) => i >= first);
  const starts = axes.map((_, i) => offsets[i] ?? offsets[0] ?? 0);
  const ends = axes.map((a, i) => starts[i] + wanted[a]);
  if (axes.some((a, i) => starts[i] < 0 || ends[i] > shape[a]))
    layer.fail("the crop lies outside of the input", { expected: `within [${shape}]`, got: `[${starts}] to [${ends}]` });
  const list = (values: readonly number[]): Output => layer.constant("i64", values);
  return layer.add(Slice8, [layer.input(0), list(starts), list(ends), list(axes.map(() => 1)), list(axes)]);
}

/** The positions of the largest elements along an axis, or of all but the batch; with `out_max_val` the elements too. */
function argMax(layer: CaffeLayer): Output {
  const fields = layer.parameter("argmax_param");
  const k = layer.constant("i64", fields.int("top_k", 1));
  const attributes = { mode: "max", sort: "value", index_element_type: "i32", stable: false };
  const given = fields.int("axis");
  const values = fields.boolean("out_max_val", false);
  if (given !== undefined) {
    const [largest, at] = layer.addNode(TopK11, [layer.input(0), k], {
      ...attributes,
      axis: layer.axis(given, layer.rank(layer.input(0))),
    }).outputs;
    return values ? largest : layer.add(Convert, [at], { destination_type: "f32" });
  }
  const [largest, at] = layer.addNode(TopK11, [reshaped(layer, layer.input(0), [0, 1, -1]), k], { ...attributes, axis: 2 }).outputs;
  const positions = layer.add(Convert, [at], { destination_type: "f32" });
  return values ? layer.add(Concat, [positions, largest], { axis: 1 }) : positions;
}

/** All axes from `axis` on are reduced to one. */
function reduction(layer: CaffeLayer): Output {
  const fields = layer.parameter("reduction_param");
  const operation = fields.oneOf("operation", ["", "SUM", "ASUM", "SUMSQ", "MEAN"], "SUM");
  const rank = layer.rank(layer.input(0));
  const first = layer.axis(fields.int("axis", 0), rank);
  const axes = layer.constant(
    "i64",
    Array.from({ length: rank - first }, (_, i) => first + i),
  );
  const input = operation === "SUMSQ" ? layer.add(Multiply, [layer.input(0), layer.input(0)]) : layer.input(0);
  const op = operation === "MEAN" ? ReduceMean : operation === "ASUM" ? ReduceL14 : ReduceSum;
  const reduced = layer.add(op, [input, axes], { keep_dims: false });
  const factor = fields.float("coeff", 1);
  return factor === 1 ? reduced : layer.add(Multiply, [reduced, layer.constant("f32", factor)]);
}

function interpolated(layer: CaffeLayer, size: readonly number[], mode: string, transformation: string): Output {
  if (size.some((d) => d < 1)) layer.fail("the size to interpolate to is none", { got: `[${size}]` });
  const shape = layer.shape(0).slice(2);
  const inputs = [
    layer.input(0),
    layer.constant("i64", size),
    layer.constant(
      "f32",
      size.map((d, i) => d / shape[i]),
    ),
    layer.constant("i64", [2, 3]),
  ];
  return layer.add(Interpolate4, inputs, {
    mode,
    shape_calculation_mode: "sizes",
    coordinate_transformation_mode: transformation,
    nearest_mode: transformation === "asymmetric" ? "floor" : "round_prefer_floor",
    antialias: false,
    pads_begin: [0],
    pads_end: [0],
    cube_coeff: -0.75,
  });
}

/** Bilinear, corners aligned; the sizes by shrinking, zooming, or as given (DeepLab's Interp). */
function interp(layer: CaffeLayer): Output {
  const fields = layer.parameter("interp_param");
  if (layer.inputs.length > 1) return interpolated(layer, layer.shape(1).slice(2), "linear_onnx", "align_corners");
  const [begin, end] = [fields.int("pad_beg", 0), fields.int("pad_end", 0)];
  if (begin !== 0 || end !== 0) layer.unsupported("pads of Interp are not supported", { got: `pad_beg ${begin}, pad_end ${end}` });
  const [shrink, zoom] = [fields.int("shrink_factor", 1), fields.int("zoom_factor", 1)];
  const size = layer
    .shape(0)
    .slice(2)
    .map((d, i) => {
      const given = fields.int(i === 0 ? "height" : "width", 0);
      if (given > 0) return given;
      const shrunk = Math.floor((d - 1) / shrink) + 1;
      return shrunk + (shrunk - 1) * (zoom - 1);
    });
  return interpolated(layer, size, "linear_onnx", "align_corners");
}

/** Enlarges by a whole factor, to the nearest. */
function upsample(layer: CaffeLayer): Output {
  const fields = layer.parameter("upsample_param");
  const scale = fields.int("scale", fields.int("stride", 2));
  return interpolated(
    layer,
    layer
      .shape(0)
      .slice(2)
      .map((d) => d * scale),
    "nearest",
    "asymmetric",
  );
}

function tile(layer: CaffeLayer): Output {
  const fields = layer.parameter("tile_param");
  const rank = layer.rank(layer.input(0));
  const axis = layer.axis(fields.int("axis", 1), rank);
  const tiles = fields.int("tiles") ?? layer.fail('field "tiles" is missing');
  return layer.add(Tile, [
    layer.input(0),
    layer.constant(
      "i64",
      Array.from({ length: rank }, (_, i) => (i === axis ? tiles : 1)),
    ),
  ]);
}

const permute = (layer: CaffeLayer): Output => {
  const given = layer.parameter("permute_param").ints("order");
  const rank = layer.rank(layer.input(0));
  const order = [...given, ...Array.from({ length: rank }, (_, i) => i).filter((i) => !given.includes(i))];
  return layer.add(Transpose, [layer.input(0), layer.constant("i64", order)]);
};

const same = (layer: CaffeLayer): readonly Output[] => layer.tops.map(() => layer.input(0));

export const shapeLayers: LayerMappings = {
  ArgMax: argMax,
  Concat: concat,
  Crop: crop,
  Dropout: same,
  ExpandDims: (layer) =>
    layer.add(Unsqueeze, [layer.input(0), layer.constant("i64", [layer.parameter("expand_dims_param").int("axis", 0)])]),
  Flatten: flatten,
  Interp: interp,
  Permute: permute,
  Reduction: reduction,
  Reshape: reshape,
  ShuffleChannel: (layer) =>
    layer.add(ShuffleChannels, [layer.input(0)], { axis: 1, group: layer.parameter("shuffle_channel_param").int("group", 1) }),
  Slice: slice,
  Split: same,
  Tile: tile,
  Upsample: upsample,
};
