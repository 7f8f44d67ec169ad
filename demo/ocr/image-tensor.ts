import type { RgbImage } from "../../src/formats/image/rgb-image.ts";
import { Tensor } from "vintner";

export interface Normalization {
  /** Per channel, of values from 0 to 1, in the network's channel order. */
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
}

export const imageNet: Normalization = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
export const symmetric: Normalization = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] };

/**
 * An f32 tensor of shape [1, 3, height, width] with the channels blue, green, red, as the PP-OCR networks were trained
 * (their mean and deviation apply in this order). What lies right of the picture up to `width` is 0.
 */
export function imageTensor(image: RgbImage, { mean, deviation }: Normalization, width = image.width): Tensor {
  const { height, data } = image;
  const plane = height * width;
  const values = new Float32Array(3 * plane);
  for (let c = 0; c < 3; c++) {
    const factor = 1 / (255 * deviation[c]);
    const offset = mean[c] / deviation[c];
    for (let y = 0; y < height; y++)
      for (let x = 0, from = y * image.width * 3 + 2 - c, to = c * plane + y * width; x < image.width; x++, from += 3, to++)
        values[to] = data[from] * factor - offset;
  }
  return new Tensor("f32", [1, 3, height, width], values);
}
