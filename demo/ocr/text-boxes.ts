import { connectedComponents } from "./connected-components.ts";
import { minimumAreaRectangle } from "./minimum-area-rectangle.ts";
import { distance, heightOf, type Point, type Quadrilateral, widthOf } from "./quadrilateral.ts";

/** A text box and the mean probability of the pixels in it. */
export interface TextBox {
  readonly corners: Quadrilateral;
  readonly score: number;
}

/** The probability, for each pixel, that it belongs to the shrunk core of a text. */
export interface ProbabilityMap {
  readonly width: number;
  readonly height: number;
  readonly data: ArrayLike<number>;
}

/** Post-processing of "Real-time Scene Text Detection with Differentiable Binarization" (Liao et al., 2020), with PP-OCR's values. */
const pixelThreshold = 0.3;
const boxThreshold = 0.6;
/** How far the core's rectangle grows: area times this by perimeter, on each side. */
const unclipRatio = 1.5;
const minimumSide = 3;
const maximumBoxes = 1000;

/** Finds the text boxes of a probability map, in the coordinates of a picture of the given size. */
export function textBoxes(map: ProbabilityMap, picture: { readonly width: number; readonly height: number }): TextBox[] {
  const mask = Uint8Array.from(map.data, (p) => (p > pixelThreshold ? 1 : 0));
  const boxes: TextBox[] = [];
  for (const points of connectedComponents(mask, map.width, map.height)) {
    const core = minimumAreaRectangle(points);
    if (Math.min(widthOf(core), heightOf(core)) < minimumSide) continue;
    const score = meanInside(map, core);
    if (score < boxThreshold) continue;
    const grown = grow(core);
    if (Math.min(widthOf(grown), heightOf(grown)) < minimumSide + 2) continue;
    const corners = grown.map(([x, y]) => [
      clamp(Math.round((x / map.width) * picture.width), picture.width - 1),
      clamp(Math.round((y / map.height) * picture.height), picture.height - 1),
    ]) as unknown as Quadrilateral;
    if (widthOf(corners) > minimumSide && heightOf(corners) > minimumSide) boxes.push({ corners, score });
  }
  return boxes.toSorted((a, b) => b.score - a.score).slice(0, maximumBoxes);
}

const clamp = (value: number, most: number): number => Math.min(Math.max(value, 0), most);

/** Moves each side of a rectangle outwards. */
function grow(corners: Quadrilateral): Quadrilateral {
  const width = widthOf(corners);
  const height = heightOf(corners);
  const by = ((width * height) / (2 * (width + height))) * unclipRatio;
  const [a, b, , d] = corners;
  const unit = (from: Point, to: Point): Point => {
    const length = distance(from, to) || 1;
    return [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  };
  const right = unit(a, b);
  const down = unit(a, d);
  const moved = (p: Point, alongSign: number, downSign: number): Point => [
    p[0] + by * (alongSign * right[0] + downSign * down[0]),
    p[1] + by * (alongSign * right[1] + downSign * down[1]),
  ];
  return [moved(a, -1, -1), moved(b, 1, -1), moved(corners[2], 1, 1), moved(d, -1, 1)];
}

/** Mean of the map over the pixels inside a convex polygon given clockwise, its border included. */
function meanInside({ width, height, data }: ProbabilityMap, corners: Quadrilateral): number {
  const rounded = corners.map(([x, y]): Point => [Math.round(x), Math.round(y)]);
  const xs = rounded.map(([x]) => clamp(x, width - 1));
  const ys = rounded.map(([, y]) => clamp(y, height - 1));
  let sum = 0;
  let count = 0;
  for (let y = Math.min(...ys); y <= Math.max(...ys); y++)
    for (let x = Math.min(...xs); x <= Math.max(...xs); x++) {
      const inside = rounded.every(([ax, ay], i) => {
        const [bx, by] = rounded[(i + 1) % 4];
        return (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0;
      });
      if (!inside) continue;
      sum += data[y * width + x];
      count++;
    }
  return count === 0 ? 0 : sum / count;
}
