import { VintnerError } from "../../common/errors.ts";

export interface NpyHeader {
  /** `<f4`: byte order, kind and size. */
  readonly descriptor: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the data starts. */
  readonly dataOffset: number;
}

/** Longest header read. NumPy's own limit for untrusted files is 10,000. */
const maxHeaderLength = 65_536;
/** NumPy's limit. */
const maxRank = 64;

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

const isNpy = (bytes: Uint8Array): boolean => magic.every((byte, i) => bytes[i] === byte);

/**
 * Reads the header of a .npy file, format versions 1 to 3 (numpy/lib/format.py): magic, version, header length, and a Python
 * literal `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.
 */
export function readNpyHeader(bytes: Uint8Array, where: string): NpyHeader {
  if (!isNpy(bytes)) fail(where, "not a .npy file", "the magic bytes \\x93NUMPY", "other bytes");
  const version = bytes[6];
  const lengthBytes = version === 1 ? 2 : 4;
  const start = 8 + lengthBytes;
  if (bytes.length < start) fail(where, "the header is cut off", `at least ${start} bytes`, `${bytes.length}`);
  if (!(version >= 1 && version <= 3)) fail(where, "unknown version of the .npy format", "1, 2 or 3", `${version}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = lengthBytes === 2 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxHeaderLength) fail(where, "the header is too long", `at most ${maxHeaderLength} bytes`, `${length}`);
  if (start + length > bytes.length) fail(where, "the header is cut off", `${start + length} bytes`, `${bytes.length}`);
  const text = new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(bytes.subarray(start, start + length));
  const descriptor = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const lengths = /'shape'\s*:\s*\(([\dL,\s]*)\)/.exec(text)?.[1];
  if (descriptor === undefined || order === undefined || lengths === undefined) {
    if (/'descr'\s*:\s*\[/.test(text))
      throw new VintnerError("UNSUPPORTED", { what: "structured arrays cannot be read", where, hint: "Save one array per field" });
    return fail(where, "the header is not readable", "descr, fortran_order and shape", JSON.stringify(text.trim().slice(0, 120)));
  }
  const shape = lengths
    .split(",")
    .map((part) => part.trim().replace(/L$/, ""))
    .filter((part) => part !== "")
    .map(Number);
  if (shape.length > maxRank || !shape.every(Number.isSafeInteger))
    fail(where, "the shape is not readable", `at most ${maxRank} lengths`, `(${lengths.trim().slice(0, 120)})`);
  return { descriptor, fortranOrder: order === "True", shape, dataOffset: start + length };
}

/** Writes a version 1.0 header, padded so that the data starts at a multiple of 64 bytes. */
export function writeNpyHeader(descriptor: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const literal = `{'descr': '${descriptor}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const total = Math.ceil((10 + literal.length + 1) / 64) * 64;
  const text = `${literal.padEnd(total - 11)}\n`;
  const bytes = new Uint8Array(total);
  bytes.set(magic);
  bytes.set([1, 0, text.length & 255, text.length >> 8], 6);
  bytes.set(new TextEncoder().encode(text), 10);
  return bytes;
}

function fail(where: string, what: string, expected: string, got: string): never {
  throw new VintnerError("FORMAT", { what, where, expected, got });
}
