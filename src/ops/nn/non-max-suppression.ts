import { boolean, elementType, string } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { anyDimension, type Dimension, dimension, isKnown, maxOf, mergeDimensions } from "../../tensor/dimension.ts";
import type { ElementType } from "../../tensor/element-type.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { boxColumns, byDescendingScore, suppressBoxes } from "./suppress-boxes.ts";

const attributes = {
  box_encoding: string({ default: "corner", oneOf: ["corner", "center"] }),
  sort_result_descending: boolean(true),
  output_type: elementType("i64"),
} as const;

/** Most boxes in the result, as far as the inputs tell. */
function mostKept(context: InferContext): number {
  const [boxes, scores] = context.inputs.map((i) => i.partialShape.dimensions);
  const each = context.inputs[2] === undefined ? 0 : context.value(2)?.[0];
  const perClass = Math.min(
    boxes === undefined ? Number.POSITIVE_INFINITY : maxOf(boxes[1]),
    each === undefined ? Number.POSITIVE_INFINITY : Math.max(0, maxOf(each)),
  );
  if (perClass === 0) return 0;
  return scores === undefined ? Number.POSITIVE_INFINITY : maxOf(scores[0]) * maxOf(scores[1]) * perClass;
}

function infer(context: InferContext<{ readonly output_type: ElementType }>): readonly OutputSpec[] {
  const [boxes, scores] = context.inputs.map((i) => i.partialShape.dimensions);
  for (const [i, dimensions] of [boxes, scores].entries())
    if (dimensions !== undefined && dimensions.length !== 3)
      context.fail(`input ${i} has the wrong rank`, { expected: "3 dimensions", got: String(context.inputs[i].partialShape) });
  const same = (a: Dimension | undefined, b: Dimension | undefined, what: string): void => {
    if (a !== undefined && b !== undefined && mergeDimensions(a, b) === undefined)
      context.fail(`boxes and scores differ in the number of ${what}`, {
        got: `${context.inputs[0].partialShape} and ${context.inputs[1].partialShape}`,
      });
  };
  same(boxes?.[0], scores?.[0], "images");
  same(boxes?.[1], scores?.[2], "boxes");
  same(boxes?.[2], 4, "coordinates, which must be 4,");
  const type = context.attributes.output_type;
  if (type !== "i64" && type !== "i32") context.fail("output_type must be i64 or i32", { got: type });
  const most = mostKept(context);
  const count = most === 0 ? 0 : isKnown(most) && Number.isFinite(most) ? dimension(0, most) : anyDimension;
  return [outputSpec(type, [count, 3]), outputSpec("f32", [count, 3]), outputSpec(type, [1])];
}

/** Columns of the result, which grow. */
class Selection {
  count = 0;
  images = new Int32Array(256);
  classes = new Int32Array(256);
  boxes = new Int32Array(256);
  scores = new Float32Array(256);

  add(image: number, label: number, kept: { readonly boxes: Int32Array; readonly scores: Float32Array }): void {
    const end = this.count + kept.boxes.length;
    if (end > this.boxes.length) this.#grow(end);
    this.images.fill(image, this.count, end);
    this.classes.fill(label, this.count, end);
    this.boxes.set(kept.boxes, this.count);
    this.scores.set(kept.scores, this.count);
    this.count = end;
  }

  /** Places of the rows in the result: as they came, or best first; those of equal scores as they came. */
  order(descending: boolean): Int32Array {
    return descending ? byDescendingScore(this.scores.subarray(0, this.count)) : Int32Array.from({ length: this.count }, (_, i) => i);
  }

  #grow(least: number): void {
    const length = Math.max(least, 2 * this.boxes.length);
    const longer = (from: Int32Array): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(length);
      to.set(from);
      return to;
    };
    this.images = longer(this.images);
    this.classes = longer(this.classes);
    this.boxes = longer(this.boxes);
    const scores = new Float32Array(length);
    scores.set(this.scores);
    this.scores = scores;
  }
}

function evaluate({
  inputs,
  attributes: { box_encoding: encoding, sort_result_descending: descending, output_type: type },
}: EvaluateContext): readonly Tensor[] {
  const [boxes, scores, most, overlap, score, sigma] = inputs.map(tensorNumbers);
  const [images, classes, count] = inputs[1].shape;
  const limits = { most: Math.max(0, most?.[0] ?? 0), overlap: overlap?.[0] ?? 0, score: score?.[0] ?? 0, sigma: sigma?.[0] ?? 0 };
  const selection = new Selection();
  for (let image = 0; image < images && limits.most > 0; image++) {
    const columns = boxColumns(boxes, image * count * 4, count, encoding as "corner" | "center");
    for (let label = 0; label < classes; label++)
      selection.add(image, label, suppressBoxes(columns, scores, (image * classes + label) * count, count, limits));
  }
  const rows = new Int32Array(selection.count * 3);
  const values = new Float32Array(selection.count * 3);
  for (const [to, from] of selection.order(descending === true).entries()) {
    rows[3 * to] = values[3 * to] = selection.images[from];
    rows[3 * to + 1] = values[3 * to + 1] = selection.classes[from];
    rows[3 * to + 2] = selection.boxes[from];
    values[3 * to + 2] = selection.scores[from];
  }
  return [
    tensorOfNumbers(type as ElementType, [selection.count, 3], rows),
    new Tensor("f32", [selection.count, 3], values),
    tensorOfNumbers(type as ElementType, [1], Int32Array.of(selection.count)),
  ];
}

const definition = { type: "NonMaxSuppression", inputs: [2, 6], attributes, infer, evaluate } as const;

/**
 * Boxes [N, boxes, 4] that overlap no better one of their class, for scores [N, classes, boxes]. Then, each of one element: most boxes
 * a class and image (by default none), the overlap from which a box is dropped, the score that it must exceed, and the sigma of Soft-NMS.
 * Outputs: image, class and box [kept, 3]; image, class and score [kept, 3]; how many are kept [1].
 */
export const NonMaxSuppression5 = defineOp({ ...definition, since: "opset5" });

/** The same; only inference in OpenVINO differs. */
export const NonMaxSuppression9 = defineOp({ ...definition, since: "opset9" });
