import type { RgbImage } from "./rgb-image.ts";

/** EXIF tag 0x0112 of a JPEG file, 1 to 8; 1 (upright) where there is none (Exif 2.32, section 4.6.4). */
export function exifOrientation(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = bytes[at + 1];
    if (marker === 0xda || marker === 0xd9) break;
    if (marker === 0xe1 && at + 18 <= bytes.length && view.getUint32(at + 4) === 0x45786966)
      return orientationEntry(
        new DataView(bytes.buffer, bytes.byteOffset + at + 10, Math.min(view.getUint16(at + 2) - 8, bytes.length - at - 10)),
      );
  }
  return 1;
}

function orientationEntry(tiff: DataView): number {
  if (tiff.byteLength < 8) return 1;
  const little = tiff.getUint16(0) === 0x4949;
  const directory = tiff.getUint32(4, little);
  if (directory + 2 > tiff.byteLength) return 1;
  const count = tiff.getUint16(directory, little);
  for (let i = 0, at = directory + 2; i < count && at + 12 <= tiff.byteLength; i++, at += 12)
    if (tiff.getUint16(at, little) === 0x0112) {
      const value = tiff.getUint16(at + 8, little);
      return value >= 1 && value <= 8 ? value : 1;
    }
  return 1;
}

/** Turns and mirrors a picture so that it stands upright. */
export function applyOrientation(image: RgbImage, orientation: number): RgbImage {
  if (orientation === 1) return image;
  const swapped = orientation >= 5;
  const width = swapped ? image.height : image.width;
  const height = swapped ? image.width : image.height;
  const data = new Uint8Array(image.data.length);
  // Orientations in which the stored columns, or rows, run against the upright picture's.
  const mirrorX = [2, 3, 7, 8].includes(orientation);
  const mirrorY = [3, 4, 6, 7].includes(orientation);
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++, to += 3) {
      const storedX = swapped ? y : x;
      const storedY = swapped ? x : y;
      const from = ((mirrorY ? image.height - 1 - storedY : storedY) * image.width + (mirrorX ? image.width - 1 - storedX : storedX)) * 3;
      data[to] = image.data[from];
      data[to + 1] = image.data[from + 1];
      data[to + 2] = image.data[from + 2];
    }
  return { width, height, data };
}
