import type { Output } from "../../../model/output.ts";
import { shapeSize } from "../../../common/shape.ts";
import { Tensor } from "../../../tensor/tensor.ts";
import type { MxnetMappings, MxnetNode } from "../mxnet-node.ts";

/** Elements of a generated constant. */
const mostElements = 2 ** 28;

function filled(node: MxnetNode, value: number): Output {
  const shape = node.ints("shape") ?? node.fail('parameter "shape" is missing');
  if (shape.some((d) => d < 1) || shapeSize(shape) > mostElements)
    node.unsupported("a shape that depends on the data is not supported here", {
      got: `[${shape}]`,
      hint: "Save the network with the shape of its states",
    });
  return node.constantOf(new Tensor("f32", shape, new Float32Array(shapeSize(shape)).fill(value)));
}

/** start, start + step, ... below stop; each number `repeat` times. */
function arange(node: MxnetNode): Output {
  const given = node.float("start", 0);
  const [start, stop] = node.has("stop") ? [given, node.float("stop")] : [0, given];
  const [step, repeat] = [node.float("step", 1), node.int("repeat", 1)];
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (!(count * repeat <= mostElements) || repeat < 1)
    node.fail("the range is none", { got: `${start} to ${stop} by ${step}, ${repeat} times` });
  return node.constant(
    "f32",
    Array.from({ length: count * repeat }, (_, i) => start + Math.floor(i / repeat) * step),
  );
}

export const generatorOperators: MxnetMappings = {
  _arange: arange,
  _ones: (node) => filled(node, 1),
  _zeros: (node) => filled(node, 0),
  ones: (node) => filled(node, 1),
  zeros: (node) => filled(node, 0),
};
