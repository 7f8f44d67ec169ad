import { convertIndexedToRgb, decode, type DecodedPng, encode } from "fast-png";
import { Unzlib } from "fflate";
import { VintnerError } from "../../common/errors.ts";
import { checkDimensions, type RgbImage } from "./rgb-image.ts";

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** The most that DEFLATE can shrink data. */
const mostRatio = 1032;
/** What the pixels may unpack to in any case. */
const harmlessBytes = 1 << 26;
/** The chunks that make the picture: header, palette, pixels, end. Profiles, texts and animations are not looked at. */
const pictureChunks = ["IHDR", "PLTE", "IDAT", "IEND"];
const sliceBytes = 1 << 16;

export const isPng = (bytes: Uint8Array): boolean => signature.every((byte, i) => bytes[i] === byte);

/** Decodes a PNG of any colour type and depth to 8-bit RGB; transparency is dropped. Throws FORMAT for damaged files. */
export function decodePng(bytes: Uint8Array, where = "PNG data"): RgbImage {
  checkSize(bytes, where);
  let png: DecodedPng;
  try {
    png = decode(pictureOnly(bytes));
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
  const parts = chunksOf(bytes).flatMap(({ type, content }) => (type === "IDAT" ? [content] : []));
  const packed = parts.reduce((sum, part) => sum + part.length, 0);
  if (packed * mostRatio <= Math.max(most, harmlessBytes)) return;
  let unpacked: number;
  try {
    unpacked = unpackedBytes(parts, most);
  } catch {
    return fail("the PNG file is damaged");
  }
  if (unpacked > most) fail("the pixels unpack to more than the picture's size");
}

interface Chunk {
  readonly type: string;
  readonly content: Uint8Array;
  /** With length, type and check sum. */
  readonly whole: Uint8Array;
}

/** The chunks of a file, as far as they go; the last one may be cut off (PNG specification, section 5.3). */
function chunksOf(bytes: Uint8Array): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  for (let at = signature.length; at + 8 <= bytes.length;) {
    const end = at + 12 + view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    chunks.push({
      type,
      content: bytes.subarray(at + 8, Math.min(end - 4, bytes.length)),
      whole: bytes.subarray(at, Math.min(end, bytes.length)),
    });
    at = end;
  }
  return chunks;
}

/**
 * The file without what is no part of the picture: the decoder unpacks colour profiles and texts without a limit, half a megabyte
 * to a gigabyte.
 */
function pictureOnly(bytes: Uint8Array): Uint8Array {
  const all = chunksOf(bytes);
  const chunks = all.filter(({ type }) => pictureChunks.includes(type));
  if (chunks.length === all.length) return bytes;
  const parts = [bytes.subarray(0, signature.length), ...chunks.map(({ whole }) => whole)];
  const picture = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    picture.set(part, at);
    at += part.length;
  }
  return picture;
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
