import { openFile } from "#platform/open-file";
import { VintnerError } from "../common/errors.ts";
import { bytesInMemory, type RandomAccess } from "../platform/random-access.ts";
import { filesOfPath, filesOfPathAsync } from "./folder-files.ts";
import { filesInMemory, type ModelFiles } from "./model-files.ts";

/** The content of a file. */
export type FileBytes = Uint8Array | ArrayBuffer;
/** Files by their paths, relative to the model's folder: `{ "net.xml": ..., "net.bin": ... }`. */
export type FileMap = Readonly<Record<string, FileBytes>> | ReadonlyMap<string, FileBytes>;

/** Bytes with a name and the files beside them: what a browser has instead of paths. */
export interface NamedBytes {
  readonly bytes: FileBytes;
  readonly name?: string;
  /** Files beside the model by their relative paths: external data, weights. */
  readonly files?: FileMap;
}

/** A folder in memory. The file that the model begins with is found by its content, or named. */
export interface NamedFiles {
  readonly files: FileMap;
  readonly name?: string;
}

/** A model: the path of its file or folder, its bytes, or its files in memory. */
export type ModelSource = string | FileBytes | NamedBytes | NamedFiles | ReadonlyMap<string, FileBytes>;
/** The second file of a model that has its weights apart: a path, or bytes. */
export type WeightsSource = string | FileBytes;

/** Opens what the user named as a model. Throws INVALID_ARGUMENT, FILE_NOT_FOUND, FILE_ACCESS. */
export function openModel(source: ModelSource, weights: WeightsSource | undefined): ModelFiles {
  if (typeof source === "string") return filesOfPath(source, weightsFile(weights));
  return inMemory(source, weights);
}

/** The same, without blocking while the named files are read. */
export async function openModelAsync(source: ModelSource, weights: WeightsSource | undefined): Promise<ModelFiles> {
  return typeof source === "string" ? filesOfPathAsync(source, weightsFile(weights)) : openModel(source, weights);
}

const weightsFile = (weights: WeightsSource | undefined): string | RandomAccess | undefined =>
  weights === undefined || typeof weights === "string" ? weights : bytesInMemory("weights", toBytes(weights, "the weights"));

function inMemory(source: Exclude<ModelSource, string>, given: WeightsSource | undefined): ModelFiles {
  const weights = weightsFile(given);
  const second = weights === undefined ? {} : { weights: typeof weights === "string" ? openFile(weights) : weights };
  if (isBytes(source)) return filesInMemory({ name: "model", main: toBytes(source, "model"), ...second });
  if (source instanceof Map) return filesInMemory({ name: "model", files: toFiles(source), ...second });
  if (typeof source !== "object" || source === null) throw noModel(source);
  const { name = "model", files } = source as Partial<NamedBytes & NamedFiles>;
  const all = files === undefined ? {} : { files: toFiles(files) };
  if ("bytes" in source) return filesInMemory({ name, main: toBytes(source.bytes, name), ...all, ...second });
  if (!("files" in all)) throw noModel(source);
  const folder = filesInMemory({ name, ...all, ...second });
  return all.files.has(name) ? folder.withMain(name) : folder;
}

const isBytes = (value: unknown): value is FileBytes => value instanceof Uint8Array || value instanceof ArrayBuffer;

const toFiles = (files: FileMap): Map<string, Uint8Array> =>
  new Map((files instanceof Map ? [...files] : Object.entries(files)).map(([name, bytes]) => [name, toBytes(bytes, name)]));

function toBytes(bytes: FileBytes, where: string): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  throw noModel(bytes, where);
}

const noModel = (value: unknown, where?: string): VintnerError =>
  new VintnerError("INVALID_ARGUMENT", {
    what: where === undefined ? "this is no model" : "this is no content of a file",
    ...(where !== undefined && { where }),
    expected: where === undefined ? "a path, a Uint8Array, { bytes, name?, files? }, { files } or a Map of files" : "a Uint8Array",
    got: value === null ? "null" : typeof value,
  });
