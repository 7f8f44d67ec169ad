import { VintnerError } from "../../common/errors.ts";

/** A picture: 8-bit RGB, interleaved, rows from the top. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** `width * height * 3` bytes. */
  readonly data: Uint8Array;
}

/** Most pixels that a picture may have: 100 megapixels. */
export const maxPixels = 100e6;

export const newImage = (width: number, height: number, [r, g, b]: readonly [number, number, number] = [0, 0, 0]): RgbImage => {
  const data = new Uint8Array(width * height * 3);
  if (r === g && g === b) data.fill(r);
  else for (let i = 0; i < data.length; i += 3) data.set([r, g, b], i);
  return { width, height, data };
};

/** Throws FORMAT where a file claims an empty or too large picture. */
export function checkDimensions(width: number, height: number, where: string): void {
  if (width > 0 && height > 0 && width * height <= maxPixels) return;
  throw new VintnerError("FORMAT", {
    what: "a picture of this size cannot be read",
    where,
    expected: `1 to ${maxPixels / 1e6} million pixels`,
    got: `${width} x ${height}`,
  });
}
