import type { Output } from "../../../model/output.ts";
import { Concat } from "../../../ops/movement/concat.ts";
import { Slice8 } from "../../../ops/movement/slice.ts";
import { ReduceProd } from "../../../ops/reduction/reduce-prod.ts";
import { Reshape } from "../../../ops/shape/reshape.ts";
import { ShapeOf3 } from "../../../ops/shape/shape-of.ts";
import { isKnown } from "../../../tensor/dimension.ts";
import type { OnnxNode } from "../onnx-node.ts";

/** The data as a matrix: dimensions before `axis` are its rows, the others its columns. */
export function flattened(node: OnnxNode, x: Output, axis: number): Output {
  const matrix = (shape: Output, special_zero: boolean): Output => node.add(Reshape, [x, shape], { special_zero });
  const constant = (rows: number, columns: number): Output => node.constant("i64", [rows, columns]);
  const product = (list: readonly number[]): number => list.reduce((n, d) => n * d, 1);
  const dimensions = x.partialShape.dimensions;
  if (dimensions?.every(isKnown)) {
    const shape = dimensions as readonly number[];
    // -1 keeps the shape open to other lengths of the columns; with no elements it has no answer.
    return matrix(
      product(shape) === 0
        ? constant(product(shape.slice(0, axis)), product(shape.slice(axis)))
        : constant(product(shape.slice(0, axis)), -1),
      false,
    );
  }
  if (axis === 0) return matrix(constant(1, -1), false);
  if (axis === 1) return matrix(constant(0, -1), true);
  const rest = dimensions?.slice(axis);
  if (rest?.every(isKnown)) return matrix(constant(-1, product(rest as readonly number[])), false);
  const one = node.constant("i64", [1]);
  const zero = node.constant("i64", [0]);
  const rows = node.add(Slice8, [node.add(ShapeOf3, [x], { output_type: "i64" }), zero, node.constant("i64", [axis]), one, zero]);
  return matrix(
    node.add(Concat, [node.add(ReduceProd, [rows, zero], { keep_dims: true }), node.constant("i64", [-1])], { axis: 0 }),
    false,
  );
}
