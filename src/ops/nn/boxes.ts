/** Left, top, right, bottom. */
export type Box = readonly [number, number, number, number];

const area = ([left, top, right, bottom]: Box): number => (right < left || bottom < top ? 0 : (right - left) * (bottom - top));

/** Area that two boxes share, as part of the area that they cover together; 0 where they do not meet. */
function intersectionOverUnion(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}

/** A box with a score, of a class; `prior` is its number among the boxes. */
export interface Candidate {
  readonly score: number;
  readonly label: number;
  readonly prior: number;
}

/** Best score first; of equal ones the lower number. */
export const byScore = (a: Candidate, b: Candidate): number => b.score - a.score || a.prior - b.prior;

/** Greedy non-maximum suppression: keeps candidates, best first, that overlap no kept one of their class by more than the threshold. */
export function suppress(candidates: readonly Candidate[], boxOf: (candidate: Candidate) => Box, threshold: number): Candidate[] {
  const kept: Candidate[] = [];
  for (const candidate of candidates) {
    const box = boxOf(candidate);
    if (kept.every((k) => k.label !== candidate.label || intersectionOverUnion(box, boxOf(k)) <= threshold)) kept.push(candidate);
  }
  return kept;
}
