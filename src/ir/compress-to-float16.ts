import { float16ToNumber, numberToFloat16 } from "../common/float16.ts";
import { allNodes, bodiesWithin } from "../model/body.ts";
import { cloneModel } from "../model/clone.ts";
import type { Consumer, Model } from "../model/model.ts";
import { Node } from "../model/node.ts";
import { Convert } from "../ops/elementwise/convert.ts";
import { constantNode } from "../ops/infrastructure/constant.ts";
import { FakeQuantize } from "../ops/nn/fake-quantize.ts";
import { Tensor } from "../tensor/tensor.ts";
import { float32Weights } from "./float32-weights.ts";
import { shapeConstants } from "./shape-constants.ts";

const largest = 65504;
/** In a model's rt_info. */
const mixedKey = "vintner_fp16_weights";

/**
 * Which weights become f16. "all": those that OpenVINO 2026 chooses, for half the size. "mixed": of them, those that are
 * worth their noise, see `float32Weights`; the others stay f32, so that outputs are several times closer to those of the f32
 * model, for up to 70 % of its size, and more where filters before a logarithm are most of it.
 */
export type Fp16Weights = "all" | "mixed";
/** Where so much of a constant is out of the range of f16, or relatively too far off, it stays as it is. */
const keepThreshold = 0.75;
/** Relative error of the root mean square that leaves mixed weights as they are: the most by which a normal f16 is off. */
const meanSquareLimit = 2 ** -11;
/** One element within the range that is further off is enough to keep a constant. */
const absoluteLimit = 1;
const relativeLimit = 1e-3;
/** A single element costs little to keep, so that it must be closer. */
const relativeLimitOfOne = 1e-4;

/**
 * A copy of a model with its f32 and f64 constants, those of bodies too, as f16, each with a Convert behind it that is marked `decompression`,
 * named as OpenVINO 2026 does: the Convert takes the constant's name, the constant gets `_compressed`. As there,
 * quantized models stay as they are, and so do constants that f16 does not hold well or that shapes are computed from;
 * the latter are marked, so that devices do not narrow them either. "mixed" leaves a model as it is that has such weights
 * already: its shares were counted when it had none. The model's rt_info keeps that it is mixed, so that it stays so when
 * it is written again and nothing else is asked for.
 */
export function compressToFloat16(model: Model, asked?: Fp16Weights): Model {
  const weights: Fp16Weights = asked ?? (model.rtInfo.get(mixedKey) === "mixed" ? "mixed" : "all");
  if (allNodes(model).some((node) => node.op === FakeQuantize || (weights === "mixed" && isDecompression(node)))) return model;
  const copy = cloneModel(model);
  if (weights === "mixed") copy.rtInfo.set(mixedKey, "mixed");
  else copy.rtInfo.delete(mixedKey);
  const kept = shapeConstants(copy);
  for (const constant of kept) constant.rtInfo.set("DisablePrecisionConversion", { version: "0", value: "dynamic:f16" });
  if (weights === "mixed") for (const node of float32Weights(copy)) kept.add(node);
  for (const graph of [copy, ...bodiesWithin(copy)]) {
    const consumers = graph.consumers();
    for (const node of graph.nodes()) {
      const compressed = kept.has(node) ? undefined : compressTensor(node.constant, weights);
      if (compressed !== undefined) insert(node, compressed, consumers.get(node.outputs[0]) ?? []);
    }
  }
  return copy;
}

const isDecompression = (node: Node): boolean => node.op === Convert && node.rtInfo.has("decompression");

function insert(node: Node, compressed: Tensor, readers: readonly Consumer[]): void {
  const [original] = node.outputs;
  const constant = constantNode(compressed, { friendlyName: `${node.friendlyName}_compressed` });
  const convert = new Node(Convert, [constant.outputs[0]], { destination_type: original.elementType }, { friendlyName: node.friendlyName });
  for (const [key, value] of node.rtInfo) convert.rtInfo.set(key, value);
  convert.rtInfo.set("decompression", { version: "0" });
  // The tensor's names stay at the constant, unless they are an output's.
  const named = readers.some((r) => r.node.op.role === "result") ? convert : constant;
  for (const name of original.names) named.outputs[0].names.add(name);
  // A reader that needs the numbers to know its shapes (the limits of a Range) keeps the constant itself.
  for (const { node: reader, input } of readers) {
    reader.setInput(input, convert.outputs[0]);
    if (!reader.reinfer()) continue;
    reader.setInput(input, original);
    reader.reinfer();
  }
}

/** Values beyond the range saturate. Undefined for other types, and where too much of the tensor does not fit. */
function compressTensor(tensor: Tensor | undefined, weights: Fp16Weights): Tensor | undefined {
  if (tensor?.elementType !== "f32" && tensor?.elementType !== "f64") return undefined;
  const data = tensor.data as Float32Array | Float64Array;
  const limit = data.length === 1 ? relativeLimitOfOne : relativeLimit;
  const bits = new Uint16Array(data.length);
  let outside = 0;
  let squares = 0;
  let errorSquares = 0;
  for (let i = 0; i < data.length; i++) {
    const value = Math.fround(data[i]);
    bits[i] = numberToFloat16(Math.max(-largest, Math.min(largest, value)));
    const error = Math.abs(value - float16ToNumber(bits[i]));
    const inRange = Math.abs(value) <= largest;
    if (inRange && error > absoluteLimit) return undefined;
    if (!(inRange && error <= limit * Math.abs(value))) outside++;
    squares += value ** 2;
    errorSquares += error ** 2;
  }
  if (weights === "mixed" && !(errorSquares <= meanSquareLimit ** 2 * squares)) return undefined;
  return data.length > 0 && outside / data.length >= keepThreshold ? undefined : new Tensor("f16", tensor.shape, bits);
}
