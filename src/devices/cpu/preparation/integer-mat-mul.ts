import type { KernelTarget } from "../../../kernel/target.ts";
import { vectorCosts } from "../../../kernel/target.ts";
import { boolean } from "../../../model/attribute.ts";
import { type Node, node } from "../../../model/node.ts";
import type { Output } from "../../../model/output.ts";
import { defineOp } from "../../../ops/define-op.ts";
import { constantNode } from "../../../ops/infrastructure/constant.ts";
import { outputSpec } from "../../../ops/output-spec.ts";
import { ScaledTensor } from "../../../tensor/scaled-tensor.ts";
import { Tensor } from "../../../tensor/tensor.ts";
import { producer } from "../../../transformations/match.ts";
import { type Rewrite, rewrite } from "../../../transformations/rewrite.ts";
import { isNarrow } from "../kernels/integer-product.ts";
import { weightNumbers } from "../weight-numbers.ts";

/** Longer sums of products of bytes may leave 32 bits. */
const mostDepth = Math.floor((2 ** 31 - 1) / (255 * 128)) - 1;

/** Bytes [..., rows, depth] times i8 [depth, columns] (or transposed), summed exactly, times f32 [columns]. */
const IntegerMatMul = defineOp({
  type: "IntegerMatMul",
  since: "opset1",
  inputs: 3,
  attributes: { transpose_b: boolean(false) },
  infer: ({ inputs: [data, , scales] }) => {
    const { dimensions } = data.partialShape;
    return [outputSpec("f32", dimensions && [...dimensions.slice(0, -1), ...scales.partialShape.toShape()])];
  },
  evaluate: ({ inputs: [data, weights, scales], attributes }) => {
    const depth = data.shape[data.shape.length - 1];
    const columns = scales.size;
    const [depthStride, columnStride] = attributes.transpose_b ? [1, depth] : [columns, 1];
    const [a, b, factors] = [data.data as Uint8Array, weights.data as Int8Array, scales.data as Float32Array];
    const out = new Tensor("f32", [...data.shape.slice(0, -1), columns]);
    const results = out.data as Float32Array;
    for (let i = 0; i < results.length; i++) {
      const column = i % columns;
      const row = Math.floor(i / columns) * depth;
      let sum = 0;
      for (let d = 0; d < depth; d++) sum += a[row + d] * b[d * depthStride + column * columnStride];
      results[i] = Math.fround(sum) * factors[column];
    }
    return [out];
  },
});

/**
 * A matrix product of bytes that were only widened, as quantized networks have it, with weights that are integers times a factor a
 * column: the product of the integers is exact, and faster where the target has dot products of bytes, or a cheap sequence for them
 * that these weights allow.
 */
export const integerMatMul = (target: KernelTarget): Rewrite =>
  rewrite("integer-mat-mul", ["MatMul"], (matMul) => {
    const [data, matrix] = matMul.inputs;
    const bytes = producer(data, "Convert")?.inputs[0];
    const rank = data.partialShape.rank;
    if (bytes === undefined || rank === undefined || rank < 2 || matrix.node.constant === undefined) return undefined;
    if ((bytes.elementType !== "u8" && bytes.elementType !== "i8") || matMul.attributes["transpose_a"] === true) return undefined;
    const weights = integerWeights(matMul, matrix.node.constant);
    if (weights === undefined || (target.dotU8I8 === "sequence" && !(weights.narrow && isCheap(target)))) return undefined;
    const [integers, scales] = [weights.integers, weights.scales].map((tensor): Output => constantNode(tensor).outputs[0]);
    return node(IntegerMatMul, [bytes, integers, scales], { transpose_b: matMul.attributes["transpose_b"] === true }).outputs[0];
  });

/** Whether the sequence takes less time than the four multiply-adds that it replaces. */
function isCheap(target: KernelTarget): boolean {
  const { dotU8I8, multiplyAdd } = vectorCosts(target, target.lanes);
  return dotU8I8 < 4 * multiplyAdd;
}

interface IntegerWeights {
  readonly integers: Tensor;
  readonly narrow: boolean;
}

/** By the tensor of the numbers, for each way to read it: a model compiled for other shapes finds its integers again. */
const known = new WeakMap<Tensor, Map<boolean, IntegerWeights | "none">>();

/** The integers and factors that a constant matrix is made of; undefined where it is not. */
function integerWeights({ attributes }: Node, tensor: Tensor): (IntegerWeights & { readonly scales: Tensor }) | undefined {
  const { shape } = tensor;
  if (tensor.elementType !== "f32" || shape.length !== 2 || tensor.size === 0) return undefined;
  const transposed = attributes["transpose_b"] === true;
  const [depth, columns] = transposed ? [shape[1], shape[0]] : shape;
  const base = tensor instanceof ScaledTensor ? tensor.base : tensor;
  const results = known.get(base) ?? new Map<boolean, IntegerWeights | "none">();
  known.set(base, results);
  if (depth > mostDepth || results.get(transposed) === "none") return undefined;
  const { numbers, outputScales, inputScales } = weightNumbers(tensor, transposed ? { output: 0, input: 1 } : { output: 1, input: 0 });
  if (inputScales !== undefined) return undefined;
  let found = results.get(transposed);
  if (found === undefined) {
    const integers = toIntegers(numbers);
    const strides = transposed ? ([1, depth] as const) : ([columns, 1] as const);
    found = integers ? { integers: new Tensor("i8", shape, integers), narrow: isNarrow(integers, depth, columns, strides) } : "none";
    results.set(transposed, found);
  }
  if (found === "none") return undefined;
  return { ...found, scales: new Tensor("f32", [columns], outputScales ?? new Float32Array(columns).fill(1)) };
}

function toIntegers(numbers: Float32Array): Int8Array | undefined {
  const integers = new Int8Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    integers[i] = numbers[i];
    if (integers[i] !== numbers[i]) return undefined;
  }
  return integers;
}
