import { newImage, type RgbImage } from "../../src/formats/image/rgb-image.ts";
import { heightOf, type Quadrilateral, widthOf } from "./quadrilateral.ts";

/** Texts at least this much higher than wide run downwards. */
const uprightRatio = 1.5;

/** Cuts a text box out of a picture and lays it flat: perspective mapping, bicubic. A text that runs downwards is turned. */
export function straighten(image: RgbImage, corners: Quadrilateral): RgbImage {
  const width = Math.max(1, Math.trunc(widthOf(corners)));
  const height = Math.max(1, Math.trunc(heightOf(corners)));
  const map = squareToQuadrilateral(corners);
  const target = newImage(width, height);
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++, to += 3) {
      const [sourceX, sourceY] = map(x / width, y / height);
      sampleBicubic(image, sourceX, sourceY, target.data, to);
    }
  return height >= uprightRatio * width ? turnLeft(target) : target;
}

/** Upside down. */
export function turnAround({ width, height, data }: RgbImage): RgbImage {
  const turned = newImage(width, height);
  for (let from = 0, to = data.length - 3; to >= 0; from += 3, to -= 3) turned.data.set(data.subarray(from, from + 3), to);
  return turned;
}

function turnLeft({ width, height, data }: RgbImage): RgbImage {
  const turned = newImage(height, width);
  for (let y = 0, from = 0; y < height; y++)
    for (let x = 0; x < width; x++, from += 3) turned.data.set(data.subarray(from, from + 3), ((width - 1 - x) * height + y) * 3);
  return turned;
}

/** The projective mapping of the unit square to a quadrilateral (Heckbert, "Fundamentals of Texture Mapping", 1989, section 2.2.3). */
function squareToQuadrilateral([[x0, y0], [x1, y1], [x2, y2], [x3, y3]]: Quadrilateral): (u: number, v: number) => [number, number] {
  const dx1 = x1 - x2;
  const dx2 = x3 - x2;
  const dy1 = y1 - y2;
  const dy2 = y3 - y2;
  const sx = x0 - x1 + x2 - x3;
  const sy = y0 - y1 + y2 - y3;
  const determinant = dx1 * dy2 - dx2 * dy1 || 1;
  const g = (sx * dy2 - dx2 * sy) / determinant;
  const h = (dx1 * sy - sx * dy1) / determinant;
  const [a, b] = [x1 - x0 + g * x1, x3 - x0 + h * x3];
  const [d, e] = [y1 - y0 + g * y1, y3 - y0 + h * y3];
  return (u, v) => {
    const w = g * u + h * v + 1;
    return [(a * u + b * v + x0) / w, (d * u + e * v + y0) / w];
  };
}

/** Keys' cubic convolution with OpenCV's coefficient: the weights of the four samples around a position `t` past the second. */
function cubicWeights(t: number): [number, number, number, number] {
  const a = -0.75;
  const near = (s: number): number => ((a + 2) * s - (a + 3)) * s * s + 1;
  const far = (s: number): number => ((a * s - 5 * a) * s + 8 * a) * s - 4 * a;
  return [far(1 + t), near(t), near(1 - t), far(2 - t)];
}

function sampleBicubic({ width, height, data }: RgbImage, x: number, y: number, target: Uint8Array, to: number): void {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const across = cubicWeights(x - left);
  const down = cubicWeights(y - top);
  let [r, g, b] = [0, 0, 0];
  for (let j = 0; j < 4; j++) {
    const row = Math.min(Math.max(top + j - 1, 0), height - 1) * width;
    for (let i = 0; i < 4; i++) {
      const from = (row + Math.min(Math.max(left + i - 1, 0), width - 1)) * 3;
      const weight = across[i] * down[j];
      r += data[from] * weight;
      g += data[from + 1] * weight;
      b += data[from + 2] * weight;
    }
  }
  for (const [c, value] of [r, g, b].entries()) target[to + c] = Math.min(Math.max(Math.round(value), 0), 255);
}
