import { type AttributeSchema, type AttributesOf, boolean, float, int, ints, string } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { anyDimension, type Dimension, isKnown, mergeDimensions } from "../../tensor/dimension.ts";
import { floorDivideDimension, multiplyDimensions } from "../../tensor/dimension-arithmetic.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { evaluateDetectionOutput } from "./evaluate-detection-output.ts";

const attributes = {
  background_label_id: int(0),
  top_k: int(-1),
  variance_encoded_in_target: boolean(false),
  keep_top_k: ints(),
  code_type: string({
    default: "caffe.PriorBoxParameter.CORNER",
    oneOf: ["caffe.PriorBoxParameter.CORNER", "caffe.PriorBoxParameter.CENTER_SIZE"],
  }),
  share_location: boolean(true),
  nms_threshold: float(),
  confidence_threshold: float(0),
  clip_after_nms: boolean(false),
  clip_before_nms: boolean(false),
  decrease_label_id: boolean(false),
  normalized: boolean(false),
  input_height: int(1),
  input_width: int(1),
  objectness_score: float(0),
} as const satisfies Readonly<Record<string, AttributeSchema>>;

/** Opset8 tells the number of classes from the scores. */
export type DetectionAttributes = AttributesOf<typeof attributes> & { readonly num_classes?: number };

/** Rows of the output: at most `keep_top_k` an image, else `top_k` or all priors of each class. */
function rowCount(attributes: DetectionAttributes, images: Dimension, priors: Dimension, classes: Dimension): Dimension {
  const [keep] = attributes.keep_top_k;
  if (keep > 0) return multiplyDimensions(images, keep);
  const top = attributes.top_k;
  return multiplyDimensions(images, multiplyDimensions(top > 0 ? top : priors, classes));
}

const priorLength = (attributes: DetectionAttributes): number => (attributes.normalized ? 4 : 5);

function inferDetectionOutput(context: InferContext<DetectionAttributes>): readonly OutputSpec[] {
  const { inputs, attributes } = context;
  if (inputs.length === 4) context.fail("the scores of a first stage come with its corrections", { expected: "3 or 5 inputs", got: "4" });
  if (attributes.keep_top_k.length === 0) context.fail('attribute "keep_top_k" must hold a number');
  const [locations, scores, priors] = inputs.map((i) => i.partialShape.dimensions);
  for (const [i, rank] of [2, 2, 3].entries())
    if (inputs[i].partialShape.rank !== undefined && inputs[i].partialShape.rank !== rank)
      context.fail(`input ${i} has the wrong rank`, { expected: `${rank} dimensions`, got: `${inputs[i].partialShape}` });
  const count = priors === undefined ? anyDimension : floorDivideDimension(priors[2], priorLength(attributes));
  const images = mergeDimensions(locations?.[0] ?? anyDimension, scores?.[0] ?? anyDimension);
  if (images === undefined)
    return context.fail("locations and scores differ in the number of images", {
      got: `${inputs[0].partialShape} and ${inputs[1].partialShape}`,
    });
  const width = scores?.[1] ?? anyDimension;
  const known = isKnown(count) && isKnown(width) && count > 0 ? Math.floor(width / count) : anyDimension;
  const classes = attributes.num_classes ?? known;
  if (isKnown(width) && isKnown(count) && isKnown(classes) && width !== count * classes)
    context.fail("the scores do not have one number for each prior and class", { expected: `${count} x ${classes}`, got: `${width}` });
  return [outputSpec(inputs[0].elementType, [1, 1, rowCount(attributes, images, count, classes), 7])];
}

function evaluate({ attributes, inputs }: EvaluateContext<DetectionAttributes>): readonly Tensor[] {
  const images = inputs[0].shape[0];
  const priors = inputs[2].shape[2] / priorLength(attributes);
  const classes = inputs[1].shape[1] / priors;
  const rows = rowCount(attributes, images, priors, classes) as number;
  return [evaluateDetectionOutput(attributes, inputs, { images, priors, classes, rows })];
}

/**
 * Detections of SSD: inputs are locations [N, priors * 4 (* classes)], scores [N, priors * classes], priors
 * [1 or N, 1 or 2, priors * 4 or 5] with their variances, and for RefineDet scores and locations of its first stage.
 */
export const DetectionOutput1 = defineOp({
  type: "DetectionOutput",
  since: "opset1",
  attributes: { num_classes: int(), ...attributes },
  inputs: [3, 5],
  infer: inferDetectionOutput,
  evaluate,
});

/** DetectionOutput that tells the number of classes from the scores. */
export const DetectionOutput8 = defineOp({
  type: "DetectionOutput",
  since: "opset8",
  attributes,
  inputs: [3, 5],
  infer: inferDetectionOutput,
  evaluate,
});
