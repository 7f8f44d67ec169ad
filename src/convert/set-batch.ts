import { VintnerError } from "../common/errors.ts";
import type { Model } from "../model/model.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import type { InputSpec } from "./parse-input.ts";
import { axisOf, type LayoutSpec } from "./layout.ts";

/** The `batch` option as input entries: every input gets this length on its batch axis (`n` of its layout, else the first). */
export function batchInputs(model: Model, batch: number, layouts: readonly LayoutSpec[]): InputSpec[] {
  if (!Number.isInteger(batch) || batch < 1)
    throw new VintnerError("INVALID_ARGUMENT", { what: 'option "batch" must be a length', expected: "an integer from 1", got: `${batch}` });
  return model.parameters.map((input) => {
    const dims = input.outputs[0].partialShape.dimensions;
    const layout = layouts.find((l) => l.name === undefined || l.name === input.friendlyName || input.outputs[0].names.has(l.name));
    if (dims === undefined || dims.length === 0) return { name: input.friendlyName };
    const axis = (layout && axisOf(layout.source, "n", dims.length)) ?? 0;
    return { name: input.friendlyName, shape: new PartialShape(dims.map((d, i) => (i === axis ? batch : d))) };
  });
}
