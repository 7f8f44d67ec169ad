import { decode } from "jpeg-js";
import { VintnerError } from "../../common/errors.ts";
import { applyOrientation, exifOrientation } from "./exif-orientation.ts";
import { checkDimensions, maxPixels, type RgbImage } from "./rgb-image.ts";

/** Memory that decoding may take: the coefficients and samples of the largest picture allowed. */
const maxMegabytes = 1536;

export const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;

/** Decodes a baseline or progressive JPEG to RGB and turns it upright by its EXIF orientation. Throws FORMAT for damaged files. */
export function decodeJpeg(bytes: Uint8Array, where = "JPEG data"): RgbImage {
  if (!isJpeg(bytes)) throw new VintnerError("FORMAT", { what: "not a JPEG file", where });
  try {
    const { width, height, data } = decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxResolutionInMP: maxPixels / 1e6,
      maxMemoryUsageInMB: maxMegabytes,
    });
    checkDimensions(width, height, where);
    return applyOrientation({ width, height, data }, exifOrientation(bytes));
  } catch (cause) {
    if (cause instanceof VintnerError) throw cause;
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new VintnerError(
      "FORMAT",
      { what: "the JPEG file cannot be read", where, got, hint: "Check that it was copied whole" },
      { cause },
    );
  }
}
