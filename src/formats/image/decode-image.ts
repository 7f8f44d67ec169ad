import { VintnerError } from "../../common/errors.ts";
import { decodeJpeg, isJpeg } from "./jpeg.ts";
import { decodePng, isPng } from "./png.ts";
import type { RgbImage } from "./rgb-image.ts";

/** Decodes a PNG or JPEG, told apart by their first bytes. Throws FORMAT. */
export function decodeImage(bytes: Uint8Array, where = "image data"): RgbImage {
  if (isPng(bytes)) return decodePng(bytes, where);
  if (isJpeg(bytes)) return decodeJpeg(bytes, where);
  throw new VintnerError("FORMAT", { what: "the picture's format is not known", where, expected: "PNG or JPEG" });
}
