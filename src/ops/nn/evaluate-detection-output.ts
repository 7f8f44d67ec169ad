import { allocateArray } from "../../tensor/allocate-array.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type NumberArray, tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import type { DetectionAttributes } from "./detection-output.ts";
import { byDescendingScore } from "./suppress-boxes.ts";

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

/** The boxes of one image, decoded when they are first asked for: left, top, right, bottom. Classes share them where `share_location` is set. */
class DecodedBoxes {
  readonly numbers: Float64Array;
  readonly #isDecoded: Uint8Array;
  readonly #p: Predictions;
  readonly #image: number;
  readonly #sets: number;
  readonly #isCentered: boolean;
  readonly #isNormalized: boolean;
  readonly #isEncoded: boolean;
  readonly #isClipped: boolean;
  readonly #width: number;
  readonly #height: number;

  constructor(p: Predictions, image: number) {
    const { attributes } = p;
    this.#p = p;
    this.#image = image;
    this.#sets = attributes.share_location ? 1 : p.classes;
    this.#isCentered = attributes.code_type === "caffe.PriorBoxParameter.CENTER_SIZE";
    this.#isNormalized = attributes.normalized;
    this.#isEncoded = attributes.variance_encoded_in_target;
    this.#isClipped = attributes.clip_before_nms;
    this.#width = this.#isNormalized ? 1 : attributes.input_width;
    this.#height = this.#isNormalized ? 1 : attributes.input_height;
    this.numbers = allocateArray(Float64Array, p.priors * this.#sets * 4) as Float64Array;
    this.#isDecoded = new Uint8Array(p.priors * this.#sets);
  }

  /** Where the box of a prior for a class starts in `numbers`. */
  at(label: number, prior: number): number {
    const box = prior * this.#sets + (this.#sets === 1 ? 0 : label);
    if (this.#isDecoded[box] === 0) {
      this.#decodeBox(box, prior);
      this.#isDecoded[box] = 1;
    }
    return box * 4;
  }

  #decodeBox(box: number, prior: number): void {
    const { boxes, priors, priorSets, refinements, locations } = this.#p;
    const priorLength = this.#isNormalized ? 4 : 5;
    const setLength = priors * priorLength * (this.#isEncoded ? 1 : 2);
    const set = priorSets === 1 ? 0 : this.#image * setLength;
    const from = set + prior * priorLength + (this.#isNormalized ? 0 : 1);
    for (let k = 0; k < 4; k++) this.numbers[box * 4 + k] = boxes[from + k];
    const variances = this.#isEncoded ? -1 : set + priors * priorLength + prior * 4;
    const location = (this.#image * priors * this.#sets + box) * 4;
    if (refinements) this.#decode(box * 4, variances, refinements, location);
    this.#decode(box * 4, variances, locations, location);
  }

  /** Applies a predicted correction, of which the four numbers start at `location`, to a box in its place (SSD, Liu et al., 2016). */
  #decode(at: number, variances: number, corrections: NumberArray, location: number): void {
    const { numbers } = this;
    const { boxes } = this.#p;
    const scaled = (k: number): number => (variances < 0 ? 1 : boxes[variances + k]) * corrections[location + k];
    const [a, b, c, d] = [scaled(0), scaled(1), scaled(2), scaled(3)];
    const left = numbers[at] / this.#width;
    const top = numbers[at + 1] / this.#height;
    const right = numbers[at + 2] / this.#width;
    const bottom = numbers[at + 3] / this.#height;
    if (this.#isCentered) {
      const x = a * (right - left) + (left + right) / 2;
      const y = b * (bottom - top) + (top + bottom) / 2;
      const halfWidth = (Math.exp(c) * (right - left)) / 2;
      const halfHeight = (Math.exp(d) * (bottom - top)) / 2;
      numbers[at] = x - halfWidth;
      numbers[at + 1] = y - halfHeight;
      numbers[at + 2] = x + halfWidth;
      numbers[at + 3] = y + halfHeight;
    } else {
      numbers[at] = left + a;
      numbers[at + 1] = top + b;
      numbers[at + 2] = right + c;
      numbers[at + 3] = bottom + d;
    }
    if (this.#isClipped) for (let k = at; k < at + 4; k++) numbers[k] = unit(numbers[k]);
  }
}

const area = (n: Float64Array, at: number): number =>
  n[at + 2] < n[at] || n[at + 3] < n[at + 1] ? 0 : (n[at + 2] - n[at]) * (n[at + 3] - n[at + 1]);

/** Area that two boxes share, as part of the area that they cover together; 0 where they do not meet. */
function intersectionOverUnion(n: Float64Array, a: number, b: number): number {
  const width = Math.min(n[a + 2], n[b + 2]) - Math.max(n[a], n[b]);
  const height = Math.min(n[a + 3], n[b + 3]) - Math.max(n[a + 1], n[b + 1]);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (area(n, a) + area(n, b) - shared);
}

/** Detections as columns. */
class Detections {
  count = 0;
  scores: Float32Array;
  labels: Int32Array;
  priors: Int32Array;

  constructor(most: number) {
    this.scores = new Float32Array(most);
    this.labels = new Int32Array(most);
    this.priors = new Int32Array(most);
  }

  add(score: number, label: number, prior: number): void {
    if (this.count === this.scores.length) this.#grow();
    this.scores[this.count] = score;
    this.labels[this.count] = label;
    this.priors[this.count++] = prior;
  }

  /** Places of the best, of equal scores the lower place first; `most` of them, or all below 0. */
  best(most: number): Int32Array {
    const order = byDescendingScore(this.scores.subarray(0, this.count));
    return most > -1 ? order.subarray(0, most) : order;
  }

  #grow(): void {
    const longer = <T extends Float32Array | Int32Array>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    const length = Math.max(64, 2 * this.count);
    this.scores = longer(new Float32Array(length), this.scores);
    this.labels = longer(new Int32Array(length), this.labels);
    this.priors = longer(new Int32Array(length), this.priors);
  }
}

function scoreOf(p: Predictions, image: number, label: number, prior: number): number {
  const isObject = p.objectness === undefined || p.objectness[(image * p.priors + prior) * 2 + 1] >= p.attributes.objectness_score;
  if (!isObject) return label === p.attributes.background_label_id ? 1 : 0;
  return p.scores[(image * p.priors + prior) * p.classes + label];
}

/** Greedy non-maximum suppression: of candidates, best first, those that overlap no kept one of their class by more than the threshold. */
function suppress(candidates: Detections, order: Int32Array, boxes: DecodedBoxes, threshold: number, into: Detections): void {
  const places = new Int32Array(order.length);
  const labels = new Int32Array(order.length);
  let kept = 0;
  for (const i of order) {
    const label = candidates.labels[i];
    const box = boxes.at(label, candidates.priors[i]);
    let k = 0;
    while (k < kept && (labels[k] !== label || intersectionOverUnion(boxes.numbers, box, places[k]) <= threshold)) k++;
    if (k < kept) continue;
    places[kept] = box;
    labels[kept++] = label;
    into.add(candidates.scores[i], label, candidates.priors[i]);
  }
}

/** Caffe's way: each class for itself, the best `top_k` above the threshold. */
function keptOfClasses(p: Predictions, image: number, boxes: DecodedBoxes): Detections {
  const { attributes } = p;
  const background = attributes.background_label_id;
  const threshold = attributes.confidence_threshold;
  const kept = new Detections(0);
  const candidates = new Detections(0);
  for (let label = 0; label < p.classes; label++) {
    if (label === background) continue;
    candidates.count = 0;
    for (let prior = 0; prior < p.priors; prior++) {
      const score = scoreOf(p, image, label, prior);
      if (score > threshold) candidates.add(score, label, prior);
    }
    suppress(candidates, candidates.best(attributes.top_k), boxes, attributes.nms_threshold, kept);
  }
  return kept;
}

/** MXNet's way: each prior has its best class, and the best `top_k` of all are taken. */
function keptOfPriors(p: Predictions, image: number, boxes: DecodedBoxes): Detections {
  const { attributes } = p;
  const background = attributes.background_label_id;
  const threshold = attributes.confidence_threshold;
  const candidates = new Detections(0);
  for (let prior = 0; prior < p.priors; prior++) {
    let best = -1;
    let of = 0;
    for (let label = 1; label < p.classes; label++) {
      const score = scoreOf(p, image, label, prior);
      if (label !== background && score > best) [best, of] = [score, label];
    }
    if (of > 0 && best >= threshold) candidates.add(best, of, prior);
  }
  const kept = new Detections(0);
  suppress(candidates, candidates.best(attributes.top_k), boxes, attributes.nms_threshold, kept);
  return kept;
}

/** Places of the best `most` (all below 0), class by class, best first, of equal ones the lower prior. */
function chosenOf({ count, scores, labels, priors }: Detections, most: number): Int32Array {
  const byScore = (a: number, b: number): number => scores[b] - scores[a] || priors[a] - priors[b];
  const places = Int32Array.from({ length: count }, (_, i) => i);
  const best = most > -1 && count > most ? places.sort(byScore).subarray(0, most) : places;
  return best.sort((a, b) => labels[a] - labels[b] || byScore(a, b));
}

/**
 * Decodes, filters and sorts the boxes of SSD. Rows of the output, [1, 1, rows, 7], come image by image and class by
 * class, best first; where there are fewer detections, a row that starts with -1 ends the list.
 */
export function evaluateDetectionOutput(attributes: DetectionAttributes, inputs: readonly Tensor[], sizes: DetectionSizes): Tensor {
  const [locations, scores, boxes, objectness, refinements] = inputs.map(tensorNumbers);
  const p: Predictions = { ...sizes, attributes, locations, scores, boxes, priorSets: inputs[2].shape[0], objectness, refinements };
  const decreased = attributes.decrease_label_id;
  const [most] = attributes.keep_top_k;
  const clips = attributes.clip_after_nms;
  const out = allocateArray(Float32Array, sizes.rows * rowLength) as Float32Array;
  let row = 0;
  for (let image = 0; image < sizes.images; image++) {
    const decoded = new DecodedBoxes(p, image);
    const kept = decreased ? keptOfPriors(p, image, decoded) : keptOfClasses(p, image, decoded);
    for (const i of chosenOf(kept, most)) {
      if (row >= sizes.rows) break;
      const at = row++ * rowLength;
      const box = decoded.at(kept.labels[i], kept.priors[i]);
      out[at] = image;
      out[at + 1] = decreased ? kept.labels[i] - 1 : kept.labels[i];
      out[at + 2] = kept.scores[i];
      for (let k = 0; k < 4; k++) out[at + 3 + k] = clips ? unit(decoded.numbers[box + k]) : decoded.numbers[box + k];
    }
  }
  if (row < sizes.rows) out[row * rowLength] = -1;
  return tensorOfNumbers(inputs[0].elementType, [1, 1, sizes.rows, rowLength], out);
}
