import type { RgbImage } from "./rgb-image.ts";

/** Where each target position falls between two source positions: half-pixel centres, clamped at the borders. */
function axis(from: number, to: number): { readonly low: Int32Array; readonly high: Int32Array; readonly weight: Float64Array } {
  const low = new Int32Array(to);
  const high = new Int32Array(to);
  const weight = new Float64Array(to);
  for (let i = 0; i < to; i++) {
    const at = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    low[i] = Math.floor(at);
    high[i] = Math.min(low[i] + 1, from - 1);
    weight[i] = at - low[i];
  }
  return { low, high, weight };
}

/** Bilinear resize without smoothing, the `INTER_LINEAR` of OpenCV that networks are usually trained with. */
export function resizeImage(image: RgbImage, width: number, height: number): RgbImage {
  if (width === image.width && height === image.height) return image;
  const columns = axis(image.width, width);
  const rows = axis(image.height, height);
  const source = image.data;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    const top = rows.low[y] * image.width * 3;
    const bottom = rows.high[y] * image.width * 3;
    const down = rows.weight[y];
    for (let x = 0; x < width; x++) {
      const left = columns.low[x] * 3;
      const right = columns.high[x] * 3;
      const across = columns.weight[x];
      for (let c = 0; c < 3; c++) {
        const upper = source[top + left + c] * (1 - across) + source[top + right + c] * across;
        const lower = source[bottom + left + c] * (1 - across) + source[bottom + right + c] * across;
        data[to++] = Math.round(upper * (1 - down) + lower * down);
      }
    }
  }
  return { width, height, data };
}
