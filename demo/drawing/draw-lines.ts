import { newImage, type RgbImage } from "../../src/formats/image/rgb-image.ts";
import { heightOf, widthOf } from "../ocr/quadrilateral.ts";
import type { TextLine } from "../ocr/read-text.ts";
import { type Colour, drawOutline, drawText } from "./canvas.ts";

const palette: readonly Colour[] = [
  [214, 39, 40],
  [31, 119, 180],
  [44, 160, 44],
  [148, 103, 189],
  [227, 119, 194],
  [140, 86, 75],
];
const white: Colour = [255, 255, 255];
const black: Colour = [0, 0, 0];

/** The picture with a box around each piece of text; on its right, at the same places, what was read. */
export function drawLines(image: RgbImage, lines: readonly TextLine[]): RgbImage {
  const { width, height } = image;
  const canvas = newImage(2 * width, height, white);
  for (let y = 0; y < height; y++) canvas.data.set(image.data.subarray(y * width * 3, (y + 1) * width * 3), y * 2 * width * 3);
  for (const [i, { pieces }] of lines.entries())
    for (const { corners, text } of pieces) {
      const colour = palette[i % palette.length];
      drawOutline(canvas, corners, colour);
      drawOutline(
        canvas,
        corners.map(([x, y]) => [x + width, y] as const),
        colour,
      );
      const [[x, y], [rightX, rightY]] = corners;
      const angle = Math.atan2(rightY - y, rightX - x);
      const place = { x: x + width + 3, y: y + 2, height: heightOf(corners) - 3, width: widthOf(corners) - 5, angle };
      drawText(canvas, text, place, black);
    }
  return canvas;
}
