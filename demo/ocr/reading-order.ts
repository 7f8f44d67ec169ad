import { centreOf, heightOf, type Quadrilateral, widthOf } from "./quadrilateral.ts";

interface Placed<T> {
  readonly item: T;
  readonly along: number;
  readonly across: number;
  readonly height: number;
}

/**
 * Groups boxes into lines, from the top, each from the left. Positions are measured along and across the direction that
 * most of the text runs in, so that a tilted photograph reads right.
 */
export function readingOrder<T extends { readonly corners: Quadrilateral }>(items: readonly T[]): T[][] {
  const angle = mainDirection(items.map((item) => item.corners));
  const placed = items.map((item): Placed<T> => {
    const [x, y] = centreOf(item.corners);
    return {
      item,
      along: x * Math.cos(angle) + y * Math.sin(angle),
      across: y * Math.cos(angle) - x * Math.sin(angle),
      height: Math.min(heightOf(item.corners), widthOf(item.corners)),
    };
  });
  const lines: Placed<T>[][] = [];
  for (const box of placed.toSorted((a, b) => a.across - b.across)) {
    const line = lines.at(-1);
    const last = line?.at(-1);
    if (line && last && box.across - last.across < Math.min(box.height, last.height) / 2) line.push(box);
    else lines.push([box]);
  }
  return lines.map((line) => line.toSorted((a, b) => a.along - b.along).map(({ item }) => item));
}

/** The median of the boxes' angles, weighted by their widths, in radians. */
function mainDirection(boxes: readonly Quadrilateral[]): number {
  const angles = boxes
    .map((corners) => ({ angle: Math.atan2(corners[1][1] - corners[0][1], corners[1][0] - corners[0][0]), weight: widthOf(corners) }))
    .toSorted((a, b) => a.angle - b.angle);
  let left = angles.reduce((sum, { weight }) => sum + weight, 0) / 2;
  for (const { angle, weight } of angles) if ((left -= weight) <= 0) return angle;
  return 0;
}
