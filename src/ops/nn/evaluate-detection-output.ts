import type { Tensor } from "../../tensor/tensor.ts";
import { type NumberArray, tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import type { DetectionAttributes } from "./detection-output.ts";
import { type Box, byScore, type Candidate, suppress } from "./boxes.ts";

/** Numbers of a row of the output: image, label, score, left, top, right, bottom. */
const rowLength = 7;

/** What the shapes of the inputs say. */
interface DetectionSizes {
  readonly images: number;
  readonly priors: number;
  readonly classes: number;
  readonly rows: number;
}

interface Predictions extends DetectionSizes {
  readonly attributes: DetectionAttributes;
  readonly locations: NumberArray;
  readonly scores: NumberArray;
  readonly boxes: NumberArray;
  /** 1 where all images share the priors. */
  readonly priorSets: number;
  /** Scores (no object, object) and corrections of the priors by a first stage (RefineDet). */
  readonly objectness?: NumberArray | undefined;
  readonly refinements?: NumberArray | undefined;
}

const unit = (x: number): number => Math.min(1, Math.max(0, x));
const clipped = (box: Box): Box => [unit(box[0]), unit(box[1]), unit(box[2]), unit(box[3])];

/** Applies a predicted correction, of which the four numbers start at `at`, to a prior box (SSD, Liu et al., 2016). */
function decode(attributes: DetectionAttributes, prior: Box, variance: readonly number[], location: NumberArray, at: number): Box {
  const width = attributes.normalized ? 1 : attributes.input_width;
  const height = attributes.normalized ? 1 : attributes.input_height;
  const [left, top, right, bottom] = [prior[0] / width, prior[1] / height, prior[2] / width, prior[3] / height];
  const [a, b, c, d] = [0, 1, 2, 3].map((k) => variance[k] * location[at + k]);
  let box: Box = [left + a, top + b, right + c, bottom + d];
  if (attributes.code_type === "caffe.PriorBoxParameter.CENTER_SIZE") {
    const x = a * (right - left) + (left + right) / 2;
    const y = b * (bottom - top) + (top + bottom) / 2;
    const halfWidth = (Math.exp(c) * (right - left)) / 2;
    const halfHeight = (Math.exp(d) * (bottom - top)) / 2;
    box = [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight];
  }
  return attributes.clip_before_nms ? clipped(box) : box;
}

const noVariance = [1, 1, 1, 1];

/** The box of a prior in an image for a class; classes share boxes where `share_location` is set. */
function decodedBox(p: Predictions, image: number, label: number, prior: number): Box {
  const { attributes, boxes, priors } = p;
  const normalized = attributes.normalized;
  const encoded = attributes.variance_encoded_in_target;
  const priorLength = normalized ? 4 : 5;
  const setLength = priors * priorLength * (encoded ? 1 : 2);
  const set = p.priorSets === 1 ? 0 : image * setLength;
  const at = set + prior * priorLength + (normalized ? 0 : 1);
  const variances = set + priors * priorLength + prior * 4;
  const variance = encoded ? noVariance : Array.from(boxes.subarray(variances, variances + 4));
  const sets = attributes.share_location ? 1 : p.classes;
  const location = ((image * priors + prior) * sets + (sets === 1 ? 0 : label)) * 4;
  const box: Box = [boxes[at], boxes[at + 1], boxes[at + 2], boxes[at + 3]];
  const refined = p.refinements ? decode(attributes, box, variance, p.refinements, location) : box;
  return decode(attributes, refined, variance, p.locations, location);
}

function scoreOf(p: Predictions, image: number, label: number, prior: number): number {
  const isObject = p.objectness === undefined || p.objectness[(image * p.priors + prior) * 2 + 1] >= p.attributes.objectness_score;
  if (!isObject) return label === p.attributes.background_label_id ? 1 : 0;
  return p.scores[(image * p.priors + prior) * p.classes + label];
}

const firstOf = <T>(list: readonly T[], count: number): readonly T[] => (count > -1 ? list.slice(0, count) : list);

/** Caffe's way: each class for itself, the best `top_k` above the threshold. */
function candidatesOfClasses(p: Predictions, image: number): Candidate[] {
  const { attributes } = p;
  const background = attributes.background_label_id;
  const threshold = attributes.confidence_threshold;
  return Array.from({ length: p.classes }, (_, label) => label)
    .filter((label) => label !== background)
    .flatMap((label) => {
      const candidates: Candidate[] = [];
      for (let prior = 0; prior < p.priors; prior++) {
        const score = scoreOf(p, image, label, prior);
        if (score > threshold) candidates.push({ score, label, prior });
      }
      return firstOf(candidates.sort(byScore), attributes.top_k);
    });
}

/** MXNet's way: each prior has its best class, and the best `top_k` of all are taken. */
function candidatesOfPriors(p: Predictions, image: number): Candidate[] {
  const { attributes } = p;
  const candidates: Candidate[] = [];
  for (let prior = 0; prior < p.priors; prior++) {
    let best: Candidate = { score: -1, label: 0, prior };
    for (let label = 1; label < p.classes; label++) {
      const score = scoreOf(p, image, label, prior);
      if (label !== attributes.background_label_id && score > best.score) best = { score, label, prior };
    }
    if (best.label > 0 && best.score >= attributes.confidence_threshold) candidates.push(best);
  }
  return [...firstOf(candidates.sort(byScore), attributes.top_k)];
}

/**
 * Decodes, filters and sorts the boxes of SSD. Rows of the output, [1, 1, rows, 7], come image by image and class by
 * class, best first; where there are fewer detections, a row that starts with -1 ends the list.
 */
export function evaluateDetectionOutput(attributes: DetectionAttributes, inputs: readonly Tensor[], sizes: DetectionSizes): Tensor {
  const [locations, scores, boxes, objectness, refinements] = inputs.map(tensorNumbers);
  const p: Predictions = { ...sizes, attributes, locations, scores, boxes, priorSets: inputs[2].shape[0], objectness, refinements };
  const decreased = attributes.decrease_label_id;
  const out = new Float32Array(sizes.rows * rowLength);
  let row = 0;
  for (let image = 0; image < sizes.images; image++) {
    const decoded = new Map<string, Box>();
    const boxOf = ({ label, prior }: Candidate): Box => {
      const key = attributes.share_location ? `${prior}` : `${prior} ${label}`;
      const known = decoded.get(key) ?? decodedBox(p, image, label, prior);
      decoded.set(key, known);
      return known;
    };
    const candidates = decreased ? candidatesOfPriors(p, image) : candidatesOfClasses(p, image);
    const kept = suppress(candidates, boxOf, attributes.nms_threshold);
    const most = attributes.keep_top_k[0];
    const chosen = most > -1 && kept.length > most ? kept.toSorted(byScore).slice(0, most) : kept;
    for (const candidate of chosen.toSorted((a, b) => a.label - b.label || byScore(a, b))) {
      if (row >= sizes.rows) break;
      const box = attributes.clip_after_nms ? clipped(boxOf(candidate)) : boxOf(candidate);
      out.set([image, decreased ? candidate.label - 1 : candidate.label, candidate.score, ...box], row++ * rowLength);
    }
  }
  if (row < sizes.rows) out[row * rowLength] = -1;
  return tensorOfNumbers(inputs[0].elementType, [1, 1, sizes.rows, rowLength], out);
}
