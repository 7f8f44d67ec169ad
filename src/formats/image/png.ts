import { convertIndexedToRgb, decode, type DecodedPng, encode } from "fast-png";
import { Unzlib } from "fflate";
import { VintnerError } from "../../common/errors.ts";
import { checkDimensions, type RgbImage } from "./rgb-image.ts";

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Compressed data up to this size cannot unpack to more than about 1 GiB. */
const harmlessBytes = 1 << 20;
const sliceBytes = 1 << 16;

export const isPng = (bytes: Uint8Array): boolean => signature.every((byte, i) => bytes[i] === byte);

/** Decodes a PNG of any colour type and depth to 8-bit RGB; transparency is dropped. Throws FORMAT for damaged files. */
export function decodePng(bytes: Uint8Array, where = "PNG data"): RgbImage {
  checkSize(bytes, where);
  let png: DecodedPng;
  try {
    png = decode(bytes);
    return toRgb(png);
  } catch (cause) {
    const got = (cause as Error).message.replace(/[\s.:]+$/, "");
    throw new VintnerError("FORMAT", { what: "the PNG file is damaged", where, got, hint: "Check that it was copied whole" }, { cause });
  }
}

export const encodePng = ({ width, height, data }: RgbImage): Uint8Array => encode({ width, height, data, channels: 3, depth: 8 });

function toRgb(png: DecodedPng): RgbImage {
  const { width, height, channels, depth, palette } = png;
  const count = width * height;
  if (palette) {
    const colours = convertIndexedToRgb(png);
    return { width, height, data: pickChannels(colours, count, colours.length / count, 0) };
  }
  if (depth < 8) return { width, height, data: unpackGrey(png.data as Uint8Array, width, height, depth) };
  return { width, height, data: pickChannels(png.data, count, channels, depth - 8) };
}

/** The first three channels, or grey three times; values shifted down to 8 bits. */
function pickChannels(source: ArrayLike<number>, count: number, channels: number, shift: number): Uint8Array {
  if (source.length < count * channels) throw new Error("pixels are missing");
  const data = new Uint8Array(count * 3);
  const [g, b] = channels < 3 ? [0, 0] : [1, 2];
  for (let i = 0, from = 0, to = 0; i < count; i++, from += channels, to += 3) {
    data[to] = source[from] >> shift;
    data[to + 1] = source[from + g] >> shift;
    data[to + 2] = source[from + b] >> shift;
  }
  return data;
}

/** Grey of 1, 2 or 4 bits: rows are packed, the leftmost pixel in the high bits (PNG specification, section 7.2). */
function unpackGrey(packed: Uint8Array, width: number, height: number, depth: number): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  if (packed.length < rowBytes * height) throw new Error("pixels are missing");
  const data = new Uint8Array(width * height * 3);
  const most = (1 << depth) - 1;
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++, to += 3) {
      const bit = x * depth;
      const value = (packed[y * rowBytes + (bit >> 3)] >> (8 - depth - (bit & 7))) & most;
      data.fill((value * 255) / most, to, to + 3);
    }
  return data;
}

/** Checks the declared size, and that the pixels do not unpack to more than it, before memory is taken for them. */
function checkSize(bytes: Uint8Array, where: string): void {
  const fail = (what: string): never => {
    throw new VintnerError("FORMAT", { what, where });
  };
  if (!isPng(bytes) || bytes.length < 33) fail("not a PNG file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  checkDimensions(width, height, where);
  const channels = [1, 0, 3, 1, 2, 0, 4][bytes[25]] ?? 4;
  // Interlaced pictures have up to 7 passes, each with its own filter bytes and padding.
  const most = (Math.ceil((width * channels * bytes[24]) / 8) + 1) * height + 8 * (width + height) + 64;
  const parts: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    if (view.getUint32(at + 4) === 0x49444154) parts.push(bytes.subarray(at + 8, Math.min(at + 8 + length, bytes.length)));
    at += 12 + length;
  }
  if (parts.reduce((sum, part) => sum + part.length, 0) <= harmlessBytes) return;
  let unpacked: number;
  try {
    unpacked = unpackedBytes(parts, most);
  } catch {
    return fail("the PNG file is damaged");
  }
  if (unpacked > most) fail("the pixels unpack to more than the picture's size");
}

/** How many bytes zlib data unpacks to; counting ends once they are more than `most`. */
function unpackedBytes(parts: readonly Uint8Array[], most: number): number {
  let count = 0;
  const counter = new Unzlib((chunk) => {
    count += chunk.length;
  });
  for (const part of parts)
    for (let at = 0; at < part.length; at += sliceBytes) {
      counter.push(part.subarray(at, at + sliceBytes));
      if (count > most) return count;
    }
  return count;
}
