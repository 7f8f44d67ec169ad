import type { Output } from "../../../model/output.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { Convert } from "../../../ops/elementwise/convert.ts";
import { Divide } from "../../../ops/elementwise/divide.ts";
import { Floor } from "../../../ops/elementwise/floor.ts";
import { Multiply } from "../../../ops/elementwise/multiply.ts";
import { Gather8 } from "../../../ops/movement/gather.ts";
import { Interpolate11 } from "../../../ops/nn/interpolate.ts";
import { ReduceMax } from "../../../ops/reduction/reduce-max.ts";
import { ReduceMin } from "../../../ops/reduction/reduce-min.ts";
import { ShapeOf3 } from "../../../ops/shape/shape-of.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";

const modes = { nearest: "nearest", linear: "linear_onnx", cubic: "cubic" } as const;

/** An input that is there and has elements: models give empty tensors for what they leave out. */
const given = (input: Output | undefined): Output | undefined => (input?.partialShape.dimensions?.[0] === 0 ? undefined : input);

/** Interpolation by scales of all dimensions as it was before opset 11: from the corner, and the nearest element below. */
function fromCorner(node: OnnxNode, scales: Output, nearest_mode: "floor" | "simple"): Output {
  // "bilinear" was Upsample's first word for it.
  const mode = node.oneOf("mode", ["nearest", "linear", "bilinear"], "nearest") === "nearest" ? "nearest" : "linear_onnx";
  return node.add(Interpolate11, [node.input(0), scales], {
    mode,
    shape_calculation_mode: "scales",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode,
  });
}

/** Attribute or input `scales`, and before opset 7 two attributes for the last two dimensions. */
function upsampleScales(node: OnnxNode): Output {
  const scales = node.floats("scales");
  if (scales !== undefined) return node.constant("f32", scales);
  return node.constant("f32", [1, 1, node.float("height_scale"), node.float("width_scale")]);
}

/** Lengths under a policy that keeps the aspect ratio: one scale for all axes, the largest or smallest that the lengths ask for. */
function keepAspectRatio(node: OnnxNode, sizes: Output, axes: readonly number[] | undefined, larger: boolean): Output {
  const x = node.input(0);
  const chosen = axes ?? Array.from({ length: node.rank(x) }, (_, i) => i);
  const wanted = node.numbers(sizes);
  const lengths = chosen.map((a) => x.partialShape.dimensions?.[a]);
  if (wanted && lengths.every((d) => typeof d === "number")) {
    const scales = lengths.map((d, i) => wanted[i] / d);
    const scale = larger ? Math.max(...scales) : Math.min(...scales);
    return node.constant(
      "i64",
      lengths.map((d) => Math.round(d * scale)),
    );
  }
  const zero = node.constant("i64", [0]);
  const shape = node.add(ShapeOf3, [x], { output_type: "i64" });
  const own = node.add(Convert, [node.add(Gather8, [shape, node.constant("i64", chosen), zero], { batch_dims: 0 })], {
    destination_type: "f32",
  });
  const scales = node.add(Divide, [node.add(Convert, [sizes], { destination_type: "f32" }), own]);
  const scale = node.add(larger ? ReduceMax : ReduceMin, [scales, zero], { keep_dims: true });
  const rounded = node.add(Floor, [node.add(Add, [node.add(Multiply, [own, scale]), node.constant("f32", 0.5)])]);
  return node.add(Convert, [rounded], { destination_type: "i64" });
}

function resize(node: OnnxNode): Output {
  const x = node.input(0);
  // ONNX lets a stretched filter see the border's elements repeated, OpenVINO's Interpolate does not.
  if (node.int("antialias", 0) !== 0) node.unsupported('attribute "antialias" is not supported');
  const mode = modes[node.oneOf("mode", ["nearest", "linear", "cubic"], "nearest")];
  const transformations = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn"] as const;
  const transformation = node.string("coordinate_transformation_mode", "half_pixel");
  if (transformation === "half_pixel_symmetric" || transformation === "tf_crop_and_resize")
    node.unsupported(`coordinate transformation "${transformation}" is not supported`, {
      expected: `one of ${transformations.join(", ")}`,
    });
  if (node.int("exclude_outside", 0) !== 0) node.unsupported('attribute "exclude_outside" is not supported');
  const axes = node.ints("axes")?.map((a) => node.axis(a, node.rank(x)));
  const policy = node.oneOf("keep_aspect_ratio_policy", ["stretch", "not_larger", "not_smaller"], "stretch");
  const [scales, sizes] = [given(node.inputs[2]), given(node.inputs[3])];
  if (scales === undefined && sizes === undefined) node.fail("either scales or sizes must be given");
  const target =
    scales ?? (policy === "stretch" ? (sizes as Output) : keepAspectRatio(node, sizes as Output, axes, policy === "not_smaller"));
  const inputs = axes === undefined ? [x, target] : [x, target, node.constant("i64", axes)];
  return node.add(Interpolate11, inputs, {
    mode,
    shape_calculation_mode: scales === undefined ? "sizes" : "scales",
    coordinate_transformation_mode: node.oneOf("coordinate_transformation_mode", transformations, "half_pixel"),
    nearest_mode: node.oneOf("nearest_mode", ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"], "round_prefer_floor"),
    cube_coeff: node.float("cubic_coeff_a", -0.75),
  });
}

export const resizeOperators: readonly Operator[] = [
  onnxOperator("Resize", { 10: (node) => fromCorner(node, node.input(1), "simple"), 11: resize }),
  onnxOperator("Upsample", {
    1: (node) => fromCorner(node, upsampleScales(node), "floor"),
    9: (node) => fromCorner(node, node.input(1), "floor"),
  }),
];
