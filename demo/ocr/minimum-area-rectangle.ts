import { distance, type Point, type Quadrilateral } from "./quadrilateral.ts";

const cross = (o: Point, a: Point, b: Point): number => (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);

/** Convex hull by Andrew's monotone chain, without points on its edges. */
export function convexHull(points: readonly Point[]): Point[] {
  const sorted = points.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
  if (sorted.length < 3) return sorted;
  const chain = (list: readonly Point[]): Point[] => {
    const hull: Point[] = [];
    for (const point of list) {
      while (hull.length >= 2 && cross(hull[hull.length - 2], hull[hull.length - 1], point) <= 0) hull.pop();
      hull.push(point);
    }
    hull.pop();
    return hull;
  };
  return [...chain(sorted), ...chain(sorted.toReversed())];
}

/**
 * The rectangle of least area around points. One of its sides lies on an edge of the convex hull (Freeman and Shapira, 1975),
 * so each edge's direction is tried. Corners start at the top left and go clockwise.
 */
export function minimumAreaRectangle(points: readonly Point[]): Quadrilateral {
  const hull = convexHull(points);
  let best: { area: number; corners: Point[] } | undefined;
  for (const [i, a] of hull.entries()) {
    const b = hull[(i + 1) % hull.length];
    const length = distance(a, b);
    const [ux, uy] = length === 0 ? [1, 0] : [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const [x, y] of hull) {
      const along = x * ux + y * uy;
      const across = y * ux - x * uy;
      left = Math.min(left, along);
      right = Math.max(right, along);
      top = Math.min(top, across);
      bottom = Math.max(bottom, across);
    }
    const area = (right - left) * (bottom - top);
    if (best && area >= best.area) continue;
    const corner = (along: number, across: number): Point => [along * ux - across * uy, along * uy + across * ux];
    best = { area, corners: [corner(left, top), corner(right, top), corner(right, bottom), corner(left, bottom)] };
  }
  return fromTopLeft(best?.corners ?? [...points, ...points, ...points, ...points].slice(0, 4));
}

/** Of the two leftmost corners the upper is the top left; of the two rightmost the upper is the top right. */
function fromTopLeft(corners: readonly Point[]): Quadrilateral {
  const [a, b, c, d] = corners.toSorted((p, q) => p[0] - q[0]);
  const [topLeft, bottomLeft] = a[1] <= b[1] ? [a, b] : [b, a];
  const [topRight, bottomRight] = c[1] <= d[1] ? [c, d] : [d, c];
  return [topLeft, topRight, bottomRight, bottomLeft];
}
