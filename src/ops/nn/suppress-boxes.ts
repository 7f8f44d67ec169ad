/** Boxes of one image as columns, so that comparing them touches numbers only: top, left, bottom, right, area. */
export interface BoxColumns {
  readonly top: Float32Array;
  readonly left: Float32Array;
  readonly bottom: Float32Array;
  readonly right: Float32Array;
  readonly area: Float32Array;
}

/** Rows of four numbers: two corners in any order (y, x, y, x), or center and size (x, y, width, height). */
export function boxColumns(rows: ArrayLike<number>, begin: number, count: number, encoding: "corner" | "center"): BoxColumns {
  const column = (): Float32Array => new Float32Array(count);
  const boxes = { top: column(), left: column(), bottom: column(), right: column(), area: column() };
  for (let i = 0; i < count; i++) {
    const at = begin + 4 * i;
    const [a, b, c, d] = [rows[at], rows[at + 1], rows[at + 2], rows[at + 3]];
    const isCenter = encoding === "center";
    boxes.top[i] = isCenter ? Math.fround(b - d / 2) : Math.min(a, c);
    boxes.left[i] = isCenter ? Math.fround(a - c / 2) : Math.min(b, d);
    boxes.bottom[i] = isCenter ? Math.fround(b + d / 2) : Math.max(a, c);
    boxes.right[i] = isCenter ? Math.fround(a + c / 2) : Math.max(b, d);
    boxes.area[i] = Math.fround(boxes.bottom[i] - boxes.top[i]) * Math.fround(boxes.right[i] - boxes.left[i]);
  }
  return boxes;
}

/** Area that two boxes share, as part of the area that they cover together, in float32; 0 where one has no area. */
export function overlap({ top, left, bottom, right, area }: BoxColumns, a: number, b: number): number {
  if (!(area[a] > 0 && area[b] > 0)) return 0;
  const height = Math.fround(Math.min(bottom[a], bottom[b]) - Math.max(top[a], top[b]));
  const width = Math.fround(Math.min(right[a], right[b]) - Math.max(left[a], left[b]));
  if (!(height > 0 && width > 0)) return 0;
  const shared = Math.fround(height * width);
  return Math.fround(shared / Math.fround(Math.fround(area[a] + area[b]) - shared));
}

export interface SuppressionLimits {
  /** Most boxes that are kept. */
  readonly most: number;
  /** A box that overlaps a kept one by as much, or more, is dropped. */
  readonly overlap: number;
  /** Only scores above it count. */
  readonly score: number;
  /** Above 0, no box is dropped for its overlap: it loses score, by exp(-overlap² / (2 sigma)) (Soft-NMS, Bodla et al., 2017). */
  readonly sigma: number;
}

/** What one class of one image keeps, best first. */
export interface KeptBoxes {
  readonly boxes: Int32Array;
  readonly scores: Float32Array;
}

/** Greedy non-maximum suppression of `count` boxes with scores from `begin` on; of equal scores the lower box is first. */
export function suppressBoxes(
  columns: BoxColumns,
  scores: ArrayLike<number>,
  begin: number,
  count: number,
  limits: SuppressionLimits,
): KeptBoxes {
  let candidates = 0;
  for (let i = 0; i < count; i++) if (scores[begin + i] > limits.score) candidates++;
  const boxes = new Int32Array(candidates);
  const values = new Float32Array(candidates);
  for (let i = 0, at = 0; i < count; i++)
    if (scores[begin + i] > limits.score) {
      boxes[at] = i;
      values[at++] = scores[begin + i];
    }
  const order = byDescendingScore(values);
  const candidateBoxes = { boxes: order.map((i) => boxes[i]), scores: Float32Array.from(order, (i) => values[i]) };
  return limits.sigma > 0 ? softly(columns, candidateBoxes, limits) : hard(columns, candidateBoxes, limits);
}

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);
const mostPacked = 2 ** 20;

/** Places of scores, the best first, of equal ones the lower place. */
export function byDescendingScore(scores: Float32Array): Int32Array {
  const order = new Int32Array(scores.length);
  if (scores.length > mostPacked) {
    for (let i = 0; i < order.length; i++) order[i] = i;
    return order.sort((a, b) => scores[b] - scores[a] || a - b);
  }
  // Score and place in one float64, 52 bits: numbers are sorted without calling back. A float's bits, as an integer, have its order; those
  // below 0 the reverse.
  const keys = new Float64Array(scores.length);
  for (let i = 0; i < keys.length; i++) {
    float[0] = scores[i] + 0;
    const key = bits[0] < 0 ? bits[0] ^ 0x7fffffff : bits[0];
    keys[i] = key * mostPacked + (mostPacked - 1 - i);
  }
  keys.sort();
  for (let i = 0; i < order.length; i++) {
    const key = keys[keys.length - 1 - i];
    order[i] = mostPacked - 1 - (key - Math.floor(key / mostPacked) * mostPacked);
  }
  return order;
}

function hard(columns: BoxColumns, candidates: KeptBoxes, { most, overlap: threshold }: SuppressionLimits): KeptBoxes {
  const boxes = new Int32Array(Math.min(most, candidates.boxes.length));
  const scores = new Float32Array(boxes.length);
  let kept = 0;
  for (let i = 0; i < candidates.boxes.length && kept < boxes.length; i++) {
    const box = candidates.boxes[i];
    let k = kept - 1;
    while (k >= 0 && overlap(columns, box, boxes[k]) < threshold) k--;
    if (k >= 0) continue;
    boxes[kept] = box;
    scores[kept++] = candidates.scores[i];
  }
  return { boxes: boxes.slice(0, kept), scores: scores.slice(0, kept) };
}

/** Takes the best that is left, lowers it by the boxes kept since it was last looked at, and keeps it if nothing lowered it. */
function softly(columns: BoxColumns, candidates: KeptBoxes, { most, score: least, sigma }: SuppressionLimits): KeptBoxes {
  const boxes = new Int32Array(Math.min(most, candidates.boxes.length));
  const scores = new Float32Array(boxes.length);
  const left = candidates.scores.slice();
  /** For each candidate, how many of the kept boxes have been counted already; -1 where it is done. */
  const counted = new Int32Array(left.length);
  const scale = -0.5 / sigma;
  let kept = 0;
  while (kept < boxes.length) {
    let best = -1;
    for (let i = 0; i < left.length; i++) {
      if (counted[i] < 0) continue;
      const isBetter = best < 0 || left[i] > left[best] || (left[i] === left[best] && candidates.boxes[i] < candidates.boxes[best]);
      if (isBetter) best = i;
    }
    if (best < 0) break;
    const before = left[best];
    const box = candidates.boxes[best];
    for (let k = kept - 1; k >= counted[best] && left[best] > least; k--)
      left[best] *= Math.exp(scale * overlap(columns, box, boxes[k]) ** 2);
    counted[best] = left[best] <= least ? -1 : kept;
    if (counted[best] < 0 || left[best] !== before) continue;
    counted[best] = -1;
    boxes[kept] = box;
    scores[kept++] = before;
  }
  return { boxes: boxes.slice(0, kept), scores: scores.slice(0, kept) };
}
