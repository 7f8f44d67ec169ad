import { VintnerError } from "../common/errors.ts";
import { parseInput } from "../convert/parse-input.ts";
import type { Model } from "../model/model.ts";
import { reshapeModel } from "../model/reshape.ts";
import type { PartialShape } from "../tensor/partial-shape.ts";

/** A model with the input shapes that `--shape` gives: `[1,3,224,224]` in the inputs' order, or `data[1,3,224,224],info[1,3]`. */
export function reshapeFromText(model: Model, text: string): Model {
  const entries = parseInput(text.includes("[") ? text : `[${text}]`, "--shape");
  const shapes = new Map<string | number, PartialShape>();
  for (const [i, { name, shape }] of entries.entries()) {
    if (shape === undefined)
      throw new VintnerError("INVALID_ARGUMENT", {
        what: "an entry of --shape has no shape",
        expected: "name[1,3,224,224]",
        got: name ?? text,
      });
    shapes.set(name ?? i, shape);
  }
  return reshapeModel(model, shapes);
}
