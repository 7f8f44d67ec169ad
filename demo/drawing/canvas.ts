import type { RgbImage } from "../../src/formats/image/rgb-image.ts";
import { glyphBit, glyphHeight, glyphWidth } from "./bitmap-font.ts";

export type Colour = readonly [r: number, g: number, b: number];

function setPixel({ width, height, data }: RgbImage, x: number, y: number, colour: Colour): void {
  if (x >= 0 && y >= 0 && x < width && y < height) data.set(colour, (y * width + x) * 3);
}

/** A straight line of one pixel, ends included. */
function drawLine(image: RgbImage, [x0, y0]: readonly [number, number], [x1, y1]: readonly [number, number], colour: Colour): void {
  const steps = Math.max(1, Math.ceil(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0))));
  for (let i = 0; i <= steps; i++)
    setPixel(image, Math.round(x0 + ((x1 - x0) * i) / steps), Math.round(y0 + ((y1 - y0) * i) / steps), colour);
}

/** A closed outline of two pixels. */
export function drawOutline(image: RgbImage, corners: readonly (readonly [number, number])[], colour: Colour): void {
  for (const [i, [x0, y0]] of corners.entries()) {
    const [x1, y1] = corners[(i + 1) % corners.length];
    for (const [dx, dy] of [
      [0, 0],
      [1, 0],
      [0, 1],
    ])
      drawLine(image, [x0 + dx, y0 + dy], [x1 + dx, y1 + dy], colour);
  }
}

/** Where and how text is drawn. */
export interface TextPlace {
  readonly x: number;
  readonly y: number;
  /** Height of a line; the glyphs fill eight ninths. */
  readonly height: number;
  /** Text that is longer is narrowed to this width. */
  readonly width: number;
  /** Direction of the text, clockwise from the x axis, in radians. */
  readonly angle?: number;
}

/** Draws a line of text from its top left corner. */
export function drawText(image: RgbImage, text: string, { x, y, height, width, angle = 0 }: TextPlace, colour: Colour): void {
  const characters = Array.from(text);
  const cell = glyphWidth + 1;
  const scaleY = height / (glyphHeight + 1);
  const scaleX = Math.min(scaleY, width / (characters.length * cell));
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  // Half-pixel steps leave no gaps in rotated text.
  for (let v = 0; v < glyphHeight * scaleY; v += 0.5)
    for (let u = 0; u < characters.length * cell * scaleX; u += 0.5) {
      const column = Math.floor(u / scaleX);
      const inCell = column % cell;
      if (inCell < glyphWidth && glyphBit(characters[Math.floor(column / cell)] ?? " ", inCell, Math.floor(v / scaleY)))
        setPixel(image, Math.round(x + u * cos - v * sin), Math.round(y + u * sin + v * cos), colour);
    }
}
