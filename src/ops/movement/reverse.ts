import { string } from "../../model/attribute.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { integersOf, resolveAxis } from "./indices.ts";
import { movedValues, knownNumbers } from "./moved-values.ts";
import { sliceTensor } from "./slice.ts";
import type { Tensor } from "../../tensor/tensor.ts";

function reverseTensor(data: Tensor, axes: ReadonlySet<number>): Tensor {
  const ranges = data.shape.map((length, i) => (axes.has(i) ? { start: length - 1, step: -1, length } : { start: 0, step: 1, length }));
  return sliceTensor(data, ranges);
}

/** Turns axes around: the second input lists them (mode `index`), or says for each axis whether to (mode `mask`). */
export const Reverse = defineOp({
  type: "Reverse",
  since: "opset1",
  attributes: { mode: string({ oneOf: ["index", "mask"] }) },
  inputs: 2,
  infer: (context) => {
    const data = context.inputs[0];
    const rank = data.partialShape.rank;
    const axes = knownNumbers(context, 1);
    const isIndex = context.attributes.mode === "index";
    const values =
      isIndex && axes && rank !== undefined
        ? movedValues(context, [0], ([p]) => [reverseTensor(p, new Set(axes.map((a) => resolveAxis(context, a, rank))))])
        : undefined;
    return [outputSpec(data.elementType, data.partialShape.dimensions, values?.[0])];
  },
  evaluate: ({ node, inputs: [data, axes], attributes }) => {
    const list = integersOf(axes);
    const chosen =
      attributes.mode === "index"
        ? list.map((a) => resolveAxis(node, a, data.shape.length))
        : list.flatMap((flag, i) => (flag === 0 ? [] : [i]));
    return [reverseTensor(data, new Set(chosen))];
  },
});
