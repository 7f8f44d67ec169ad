/** A default box of a cell, in pixels of the image; `dx` and `dy` move its center from the cell's. */
export interface PriorShape {
  readonly dx: number;
  readonly dy: number;
  readonly width: number;
  readonly height: number;
  /** Cut its left and top at 0, right and bottom at 1. */
  readonly clip: boolean;
}

/** Pairs are of y and x. */
interface PriorGrid {
  readonly map: readonly [number, number];
  readonly image: readonly [number, number];
  /** Distance of cells, in pixels of the image. */
  readonly step: readonly [number, number];
  /** Where in its cell a center is. */
  readonly offset: number;
  readonly shapes: readonly PriorShape[];
  /** Cut all coordinates to [0, 1]. */
  readonly clip: boolean;
  /** One number, or four; none means 0.1. */
  readonly variance: readonly number[];
}

const unit = (x: number): number => Math.min(1, Math.max(0, x));

/** Boxes (left, top, right, bottom as parts of the image), cell by cell, and behind them as many variances. */
export function priorTensor({ map, image, step, offset, shapes, clip, variance }: PriorGrid): Float32Array {
  const [height, width] = map;
  const size = height * width * shapes.length * 4;
  const out = new Float32Array(2 * size);
  let at = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [centerY, centerX] = [(y + offset) * step[0], (x + offset) * step[1]];
      for (const shape of shapes) {
        const left = (centerX + shape.dx - shape.width / 2) / image[1];
        const top = (centerY + shape.dy - shape.height / 2) / image[0];
        const right = (centerX + shape.dx + shape.width / 2) / image[1];
        const bottom = (centerY + shape.dy + shape.height / 2) / image[0];
        const box = shape.clip
          ? [Math.max(0, left), Math.max(0, top), Math.min(1, right), Math.min(1, bottom)]
          : [left, top, right, bottom];
        for (const coordinate of box) out[at++] = clip ? unit(coordinate) : coordinate;
      }
    }
  for (let i = 0; i < size; i++) out[size + i] = variance.length === 4 ? variance[i % 4] : (variance[0] ?? 0.1);
  return out;
}
