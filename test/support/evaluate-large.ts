import { evaluateOperation } from "../../src/model/evaluation.ts";
import type { AttributeValue } from "../../src/model/attribute.ts";
import { node } from "../../src/model/node.ts";
import { constantNode } from "../../src/ops/infrastructure/constant.ts";
import { findOperation } from "../../src/ops/registry.ts";
import { Tensor } from "../../src/tensor/tensor.ts";

/*
 * Evaluates operations on some millions of elements, in a process whose heap holds fewer numbers: prints the name of each
 * that is done. Tensors lie outside of the heap, lists of numbers do not, and a process whose heap is full ends at once.
 */

const n = 2 ** 22;
const u8 = (...shape: number[]): Tensor => new Tensor("u8", shape);
const i32 = (...shape: number[]): Tensor => new Tensor("i32", shape);
const numbers = (...values: number[]): Tensor => new Tensor("i64", [values.length], values);
const scalar = (type: "i64" | "u8", value: number): Tensor => new Tensor(type, [], [value]);

type Attributes = Readonly<Record<string, AttributeValue>>;
const resize = {
  mode: "nearest",
  shape_calculation_mode: "sizes",
  coordinate_transformation_mode: "asymmetric",
  pads_begin: [0],
  pads_end: [0],
};
const cases: readonly (readonly [type: string, inputs: readonly Tensor[], attributes?: Attributes])[] = [
  ["Gather", [u8(8), i32(n), scalar("i64", 0)], { batch_dims: 0 }],
  ["GatherElements", [u8(8), i32(n)], { axis: 0 }],
  ["GatherND", [u8(8), i32(n, 1)], { batch_dims: 0 }],
  ["OneHot", [i32(n), scalar("i64", 1), scalar("u8", 1), scalar("u8", 0)], { axis: 0 }],
  ["ScatterUpdate", [u8(8), i32(n), u8(n), scalar("i64", 0)]],
  ["ScatterElementsUpdate", [u8(8), i32(n), u8(n), scalar("i64", 0)], { reduction: "mean", use_init_val: true }],
  ["ScatterNDUpdate", [u8(8), i32(n, 1), u8(n)], { reduction: "max" }],
  ["NonZero", [new Tensor("u8", [n], new Uint8Array(n).fill(1))], { output_type: "i32" }],
  ["Tile", [u8(1), numbers(n)]],
  ["Pad", [u8(1), numbers(0), numbers(n)], { pad_mode: "edge" }],
  ["Roll", [u8(n), numbers(1), numbers(0)]],
  ["Interpolate", [u8(1, 1, 1, 1), numbers(n), numbers(3)], { ...resize, nearest_mode: "floor", antialias: false, cube_coeff: -0.75 }],
  [
    "Interpolate",
    [u8(1, 1, 1, 1), numbers(n), numbers(3)],
    { ...resize, mode: "linear_onnx", nearest_mode: "floor", antialias: false, cube_coeff: -0.75 },
  ],
  ["AdaptiveAvgPool", [u8(1, 1, n), numbers(n)]],
  ["MatMul", [u8(n, 1, 1), u8(1, 1, 1)], { transpose_a: false, transpose_b: false }],
  ["Broadcast", [u8(1), numbers(n)], { mode: "numpy" }],
  ["Convert", [i32(n)], { destination_type: "i64" }],
  ["ReduceSum", [u8(n), numbers(0)], { keep_dims: false }],
  ["TopK", [u8(n), scalar("i64", 1)], { axis: 0, mode: "max", sort: "value", index_element_type: "i32", stable: true }],
];

for (const [type, inputs, attributes] of cases) {
  const op = findOperation(type, "opset16");
  if (op === undefined) throw new Error(`no operation ${type}`);
  const operation = node(
    op,
    inputs.map((tensor) => constantNode(tensor).outputs[0]),
    attributes,
  );
  evaluateOperation(operation, inputs);
  console.log(type);
}
console.log("all done");
