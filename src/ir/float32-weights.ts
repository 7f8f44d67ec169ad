import { float16ToNumber, numberToFloat16 } from "../common/float16.ts";
import { allNodes } from "../model/body.ts";
import type { Model } from "../model/model.ts";
import type { Node } from "../model/node.ts";

/** Elements of a constant that is small. */
const smallElements = 65_536;
/** Small constants, the smallest first, stay f32 until this share of all elements is f32. */
const smallShare = 0.4;

/** What the filters of a spectrogram go through on their way to its logarithm: arithmetic, sums and movement, no activation. */
const arithmetic = ["Convolution", "GroupConvolution", "MatMul", "Add", "Subtract", "Multiply", "Divide", "Power", "Sqrt", "Abs"];
const sums = ["ReduceSum", "ReduceMean", "ReduceL1", "ReduceL2"];
const limits = ["Maximum", "Clamp", "Convert"];
const movement = [
  "Concat",
  "Gather",
  "Pad",
  "Reshape",
  "Slice",
  "Split",
  "Squeeze",
  "StridedSlice",
  "Transpose",
  "Unsqueeze",
  "VariadicSplit",
];
const beforeLogarithm = new Set([...arithmetic, ...sums, ...limits, ...movement]);

/**
 * The f32 and f64 constants whose rounding to f16 would cost more accuracy than it saves space. Each layer whose weights are
 * rounded adds about the same noise to the outputs, so most of it goes with the small ones; and the noise of filters whose
 * outputs a logarithm takes is all that is heard where the signal is quiet. What f16 holds exactly costs nothing.
 */
export function float32Weights(model: Model): Set<Node> {
  const nodes = allNodes(model);
  const sizes = new Map<Node, number>();
  for (const node of nodes)
    if (node.constant?.elementType === "f32" || node.constant?.elementType === "f64") sizes.set(node, node.constant.size);
  const kept = new Set<Node>();
  const open = nodes.filter((node) => node.type === "Log");
  const visited = new Set<Node>(open);
  for (let node = open.pop(); node !== undefined; node = open.pop())
    for (const { node: source } of node.inputs) {
      if (sizes.has(source)) kept.add(source);
      if (!beforeLogarithm.has(source.type) || visited.has(source)) continue;
      visited.add(source);
      open.push(source);
    }
  for (const node of sizes.keys()) if (isExact(node)) kept.delete(node);
  const sum = (of: Iterable<Node>): number => [...of].reduce((n, node) => n + (sizes.get(node) ?? 0), 0);
  let room = smallShare * sum(sizes.keys()) - sum(kept);
  for (const [node, size] of [...sizes].toSorted(([, x], [, y]) => x - y)) {
    if (kept.has(node) || isExact(node)) continue;
    room -= size;
    if (room < 0 || size > smallElements) break;
    kept.add(node);
  }
  return kept;
}

/** Whether f16 holds all numbers of a constant as they are. */
function isExact({ constant }: Node): boolean {
  const data = constant?.data as Float32Array | Float64Array;
  for (let i = 0; i < data.length; i++) if (float16ToNumber(numberToFloat16(data[i])) !== data[i]) return false;
  return true;
}
