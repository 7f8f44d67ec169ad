import { resizeImage } from "../../src/formats/image/resize-image.ts";
import type { RgbImage } from "../../src/formats/image/rgb-image.ts";
import { imageNet, imageTensor } from "./image-tensor.ts";
import type { Network } from "./network.ts";
import { type TextBox, textBoxes } from "./text-boxes.ts";

/** Longest side of the picture that the network sees. */
const longestSide = 960;
/** The network halves its input five times. */
const multiple = 32;

/** Finds the boxes of text in a picture. */
export async function detectText(network: Network, image: RgbImage): Promise<TextBox[]> {
  const scale = Math.min(1, longestSide / Math.max(image.width, image.height));
  const side = (length: number): number => Math.max(multiple, Math.round((length * scale) / multiple) * multiple);
  const map = await network(imageTensor(resizeImage(image, side(image.width), side(image.height)), imageNet));
  const [, , height, width] = map.shape;
  return textBoxes({ width, height, data: map.data as Float32Array }, image);
}
