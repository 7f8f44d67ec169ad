import type { Output } from "../../../model/output.ts";
import { Convert } from "../../../ops/elementwise/convert.ts";
import { Concat } from "../../../ops/movement/concat.ts";
import { DepthToSpace } from "../../../ops/movement/depth-to-space.ts";
import { ReverseSequence } from "../../../ops/movement/reverse-sequence.ts";
import { Slice8 } from "../../../ops/movement/slice.ts";
import { SpaceToDepth } from "../../../ops/movement/space-to-depth.ts";
import { Tile } from "../../../ops/movement/tile.ts";
import { Transpose } from "../../../ops/movement/transpose.ts";
import { Broadcast3 } from "../../../ops/shape/broadcast.ts";
import { ShapeOf3 } from "../../../ops/shape/shape-of.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";

/** By default the dimensions are reversed. */
function transpose(node: OnnxNode): Output {
  const x = node.input(0);
  const order = node.ints("perm") ?? Array.from({ length: node.rank(x) }, (_, i) => node.rank(x) - 1 - i);
  return node.add(Transpose, [x, node.constant("i64", order)]);
}

/** Axes for which steps are written out; no tensor has more dimensions, but a damaged file may say so. */
const maxListed = 64;

/** Since opset 10 the bounds are inputs; steps are 1 by default. */
function slice(node: OnnxNode): Output {
  const [x, starts, ends, axes] = [node.input(0), node.input(1), node.input(2), node.inputs[3]];
  const count = starts.partialShape.dimensions?.[0];
  const ones = (): Output =>
    typeof count === "number" && count <= maxListed
      ? node.constant(starts.elementType, new Array<number>(count).fill(1))
      : node.add(Broadcast3, [node.constant(starts.elementType, [1]), node.add(ShapeOf3, [starts], { output_type: "i64" })], {
          mode: "numpy",
        });
  return node.add(Slice8, [x, starts, ends, node.inputs[4] ?? ones(), ...(axes === undefined ? [] : [axes])]);
}

function sliceByAttributes(node: OnnxNode): Output {
  const [starts, ends, axes] = [node.ints("starts"), node.ints("ends"), node.ints("axes")];
  if (starts === undefined || ends === undefined) return node.fail('attributes "starts" and "ends" are needed');
  const lists = [starts, ends, starts.map(() => 1), axes ?? starts.map((_, i) => i)];
  return node.add(Slice8, [node.input(0), ...lists.map((l) => node.constant("i64", l))]);
}

export const movementOperators: readonly Operator[] = [
  onnxOperator("Concat", (node) => node.add(Concat, node.allInputs(), { axis: node.int("axis", 1) })),
  onnxOperator("DepthToSpace", (node) =>
    node.add(DepthToSpace, [node.input(0)], {
      block_size: node.int("blocksize"),
      mode: node.oneOf("mode", ["DCR", "CRD"], "DCR") === "DCR" ? "blocks_first" : "depth_first",
    }),
  ),
  onnxOperator("ReverseSequence", (node) =>
    node.add(ReverseSequence, [node.input(0), node.input(1)], {
      batch_axis: node.int("batch_axis", 1),
      seq_axis: node.int("time_axis", 0),
    }),
  ),
  onnxOperator("Slice", { 1: sliceByAttributes, 10: slice }),
  onnxOperator("SpaceToDepth", (node) =>
    node.add(SpaceToDepth, [node.input(0)], { block_size: node.int("blocksize"), mode: "blocks_first" }),
  ),
  onnxOperator("Tile", (node) => {
    const repeats = node.input(1);
    return node.add(Tile, [
      node.input(0),
      repeats.elementType === "i64" ? repeats : node.add(Convert, [repeats], { destination_type: "i64" }),
    ]);
  }),
  onnxOperator("Transpose", transpose),
];
