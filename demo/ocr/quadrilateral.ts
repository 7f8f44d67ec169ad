/** A point in pixels: x to the right, y down. */
export type Point = readonly [x: number, y: number];

/** Corners of a text box in reading direction: top left, top right, bottom right, bottom left. */
export type Quadrilateral = readonly [Point, Point, Point, Point];

export const distance = ([ax, ay]: Point, [bx, by]: Point): number => Math.hypot(bx - ax, by - ay);

/** Length along the text, the longer of the two edges. */
export const widthOf = ([a, b, c, d]: Quadrilateral): number => Math.max(distance(a, b), distance(d, c));

/** Height of the text, the longer of the two edges. */
export const heightOf = ([a, b, c, d]: Quadrilateral): number => Math.max(distance(a, d), distance(b, c));

export const centreOf = (corners: Quadrilateral): Point => [
  corners.reduce((sum, [x]) => sum + x, 0) / 4,
  corners.reduce((sum, [, y]) => sum + y, 0) / 4,
];
