import { numberToFloat16 } from "../common/float16.ts";
import { cloneModel } from "../model/clone.ts";
import type { Model } from "../model/model.ts";
import { Node } from "../model/node.ts";
import { Convert } from "../ops/elementwise/convert.ts";
import { constantNode } from "../ops/infrastructure/constant.ts";
import { Tensor } from "../tensor/tensor.ts";

const largest = 65504;
/** The smallest subnormal of binary16: what is smaller becomes zero. */
const smallest = 2 ** -24;
/** Where so much of a constant does not fit the range of f16, it stays f32 (OpenVINO's compress_float_constants). */
const keepThreshold = 0.75;

/**
 * A copy of a model with its f32 and f64 constants as f16, each with a Convert behind it that is marked `decompression`,
 * named as the real toolkit does: the Convert takes the constant's name, the constant gets `_compressed`.
 */
export function compressToFloat16(model: Model): Model {
  const copy = cloneModel(model);
  const consumers = copy.consumers();
  for (const node of copy.nodes()) {
    const tensor = node.constant;
    if (tensor === undefined || (tensor.elementType !== "f32" && tensor.elementType !== "f64")) continue;
    const compressed = compressTensor(tensor);
    if (compressed === undefined) continue;
    const constant = constantNode(compressed, { friendlyName: `${node.friendlyName}_compressed` });
    const convert = new Node(Convert, [constant.outputs[0]], { destination_type: tensor.elementType }, { friendlyName: node.friendlyName });
    convert.rtInfo.set("decompression", { version: "0" });
    for (const name of node.outputs[0].names) convert.outputs[0].names.add(name);
    // A reader that needs the numbers to know its shapes (the scales of an Interpolate) keeps the constant itself.
    for (const { node: reader, input } of consumers.get(node.outputs[0]) ?? []) {
      reader.setInput(input, convert.outputs[0]);
      if (!reader.reinfer()) continue;
      reader.setInput(input, node.outputs[0]);
      reader.reinfer();
    }
  }
  return copy;
}

/** Values beyond the range saturate. Undefined where too many are. */
function compressTensor(tensor: Tensor): Tensor | undefined {
  const data = tensor.data as Float32Array | Float64Array;
  const bits = new Uint16Array(data.length);
  let outside = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    const magnitude = Math.abs(value);
    if (magnitude > largest || (magnitude !== 0 && magnitude < smallest)) outside++;
    bits[i] = numberToFloat16(Math.max(-largest, Math.min(largest, value)));
  }
  return data.length > 0 && outside / data.length >= keepThreshold ? undefined : new Tensor("f16", tensor.shape, bits);
}
