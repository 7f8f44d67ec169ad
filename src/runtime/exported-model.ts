import { VintnerError } from "../common/errors.ts";
import { formatDeviceName, parseDeviceName } from "../devices/device-name.ts";
import type { Config } from "../devices/property.ts";
import { readModelSync } from "../frontends/read-model.ts";
import { serializeModel } from "../ir/serialize-model.ts";
import { cloneModel } from "../model/clone.ts";
import type { Model } from "../model/model.ts";
import { optimize } from "../transformations/pipeline.ts";
import { version } from "./version.ts";

/** What a compiled model is made of again. */
export interface ExportedModel {
  readonly model: Model;
  readonly device: string;
  readonly config: Config;
}

interface Header {
  readonly version: string;
  readonly device: string;
  readonly config: Config;
  readonly xmlBytes: number;
  readonly weightBytes: number;
  /** Of all that follows the header. */
  readonly checksum: number;
}

/**
 * The container: eight bytes of magic with the format's number, the header's length as 32 bits, the header as JSON, then, each at a
 * multiple of 64 bytes, the IR's text and its weights.
 */
const magic = new TextEncoder().encode("vintner1");
const alignment = 64;
const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;
const prefixBytes = magic.length + 4;

/** A compiled model as bytes. */
export function writeExported({ model, device, config }: ExportedModel): Uint8Array {
  const copy = cloneModel(model);
  optimize(copy, { useShapes: copy.inputs.every((i) => i.partialShape.isStatic) });
  const { xml, bin } = serializeModel(copy);
  const text = new TextEncoder().encode(xml);
  const body = new Uint8Array(aligned(text.length) + bin.length);
  body.set(text);
  body.set(bin, aligned(text.length));
  const header: Header = { version, device, config, xmlBytes: text.length, weightBytes: bin.length, checksum: checksum(body) };
  const headerBytes = new TextEncoder().encode(JSON.stringify(header));
  const start = aligned(prefixBytes + headerBytes.length);
  const bytes = new Uint8Array(start + body.length);
  bytes.set(magic);
  new DataView(bytes.buffer).setUint32(magic.length, headerBytes.length, true);
  bytes.set(headerBytes, prefixBytes);
  bytes.set(body, start);
  return bytes;
}

/**
 * Reads what `writeExported` wrote. `device`: what the caller wants it for, by default the one that it was compiled for.
 * Throws FORMAT, INVALID_ARGUMENT.
 */
export function readExported(source: Uint8Array | ArrayBuffer, device: string | undefined): ExportedModel {
  const bytes = toBytes(source);
  const header = readHeader(bytes);
  const wanted = device === undefined ? header.device : formatDeviceName(parseDeviceName(device));
  if (wanted !== header.device)
    throw new VintnerError("INVALID_ARGUMENT", {
      what: "the model was compiled for another device",
      expected: header.device,
      got: wanted,
      hint: "Compile the model itself for that device",
    });
  const start = aligned(prefixBytes + headerLength(bytes));
  const weightsAt = start + aligned(header.xmlBytes);
  if (bytes.length !== weightsAt + header.weightBytes)
    throw damaged("its length", `${weightsAt + header.weightBytes} bytes`, `${bytes.length}`);
  if (checksum(bytes.subarray(start)) !== header.checksum) throw damaged("its checksum", String(header.checksum), "another");
  const model = readModelSync(
    { bytes: bytes.slice(start, start + header.xmlBytes), name: "model.xml" },
    { weights: bytes.slice(weightsAt), framework: "ir" },
  );
  return { model, device: header.device, config: header.config };
}

function toBytes(source: Uint8Array | ArrayBuffer): Uint8Array {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  throw new VintnerError("INVALID_ARGUMENT", { what: "this is no exported model", expected: "a Uint8Array", got: typeof source });
}

const headerLength = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(magic.length, true);

function readHeader(bytes: Uint8Array): Header {
  if (bytes.length < prefixBytes || magic.some((b, i) => bytes[i] !== b))
    throw new VintnerError("FORMAT", {
      what: "this is no exported model of this version",
      expected: `bytes that begin with "${new TextDecoder().decode(magic)}"`,
      hint: "Give what CompiledModel.exportModel gave, to the same version of vintner",
    });
  const length = headerLength(bytes);
  if (prefixBytes + length > bytes.length) throw damaged("its header", `${length} bytes`, `${bytes.length - prefixBytes}`);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(prefixBytes, prefixBytes + length)));
  } catch {
    throw damaged("its header", "JSON", "other text");
  }
  if (!isHeader(header)) throw damaged("its header", "version, device, config and lengths", "others");
  if (header.version !== version)
    throw new VintnerError("FORMAT", {
      what: "the model was exported by another version",
      expected: version,
      got: header.version,
      hint: "Compile it again from its file and export it anew",
    });
  return header;
}

function isHeader(value: unknown): value is Header {
  if (typeof value !== "object" || value === null) return false;
  const { version: v, device, config, xmlBytes, weightBytes, checksum: sum } = value as Record<string, unknown>;
  const isLength = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) >= 0;
  return (
    typeof v === "string" &&
    typeof device === "string" &&
    typeof config === "object" &&
    config !== null &&
    !Array.isArray(config) &&
    isLength(xmlBytes) &&
    isLength(weightBytes) &&
    isLength(sum)
  );
}

const damaged = (where: string, expected: string, got: string): VintnerError =>
  new VintnerError("FORMAT", { what: "the exported model is damaged", where, expected, got });

/** FNV-1a over 32-bit words (and the bytes at the end): finds what was cut, changed or mixed up. */
function checksum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hash = 0x811c9dc5;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) hash = Math.imul(hash ^ view.getUint32(at, true), 0x01000193);
  for (; at < bytes.length; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
  return hash >>> 0;
}
