import { baseName, besidePath, readFile, readFileSync } from "#platform/files";
import { VintnerError } from "../common/errors.ts";
import type { Model } from "../model/model.ts";
import type { Frontend, ModelFile } from "./frontend.ts";
import { locationInFolder } from "./location.ts";
import { frontends } from "./registry.ts";

/** Bytes with a name and the files beside them: what a browser has instead of paths. */
export interface NamedBytes {
  readonly bytes: Uint8Array | ArrayBuffer;
  readonly name?: string;
  /** Files beside the model by their relative paths: external data, weights. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
}

/** A model file's path, or its bytes. */
export type ModelSource = string | Uint8Array | ArrayBuffer | NamedBytes;
/** A weights file's path, or its bytes. */
export type WeightsSource = string | Uint8Array | ArrayBuffer;

export interface ReadOptions {
  readonly weights?: WeightsSource;
  /** A frontend's name; by default the file itself tells. */
  readonly framework?: string;
}

const toBytes = (bytes: Uint8Array | ArrayBuffer): Uint8Array => (bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes);

/** Reads a model of any format. Throws FILE_NOT_FOUND, FILE_ACCESS, FORMAT, INVALID_MODEL, UNSUPPORTED_OPERATION. */
export async function readModel(source: ModelSource, options: WeightsSource | ReadOptions = {}): Promise<Model> {
  const { weights, framework } = optionsOf(options);
  const main = typeof source === "string" ? await readFile(source) : bytesOf(source);
  return readWith(modelFile(source, main, typeof weights === "string" ? await readFile(weights) : weights && toBytes(weights)), framework);
}

/** The same, blocking. A browser can only read bytes so. */
export function readModelSync(source: ModelSource, options: WeightsSource | ReadOptions = {}): Model {
  const { weights, framework } = optionsOf(options);
  const main = typeof source === "string" ? readFileSync(source) : bytesOf(source);
  return readWith(modelFile(source, main, typeof weights === "string" ? readFileSync(weights) : weights && toBytes(weights)), framework);
}

const isWeights = (o: WeightsSource | ReadOptions): o is WeightsSource =>
  typeof o === "string" || o instanceof Uint8Array || o instanceof ArrayBuffer;
const optionsOf = (options: WeightsSource | ReadOptions): ReadOptions => (isWeights(options) ? { weights: options } : options);

function bytesOf(source: Exclude<ModelSource, string>): Uint8Array {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) return toBytes(source);
  if (typeof source === "object" && source !== null && (source.bytes instanceof Uint8Array || source.bytes instanceof ArrayBuffer))
    return toBytes(source.bytes);
  throw new VintnerError("INVALID_ARGUMENT", {
    what: "this is no model",
    expected: "a path, a Uint8Array or { bytes, name?, files? }",
    got: typeof source,
  });
}

function modelFile(source: ModelSource, bytes: Uint8Array, weights: Uint8Array | undefined): ModelFile {
  const given = typeof source === "object" && "bytes" in source ? source : undefined;
  return {
    name: typeof source === "string" ? baseName(source) : (given?.name ?? "model"),
    bytes,
    ...(weights && { weights }),
    sideFile(location) {
      if (locationInFolder(location) === undefined)
        throw new VintnerError("INVALID_MODEL", {
          what: "the files of a model must lie in its folder",
          expected: "a relative path without ..",
          got: JSON.stringify(location),
        });
      const own = given?.files?.[location];
      if (own) return own;
      if (typeof source === "string") return readBeside(source, location);
      throw new VintnerError("FILE_NOT_FOUND", {
        what: "the model needs a file beside it",
        where: location,
        hint: "Pass it in `files`, or as the weights",
      });
    },
  };
}

function readBeside(model: string, location: string): Uint8Array {
  try {
    return readFileSync(besidePath(model, location));
  } catch (cause) {
    if (!(cause instanceof VintnerError) || cause.code !== "FILE_NOT_FOUND") throw cause;
    const { what, where } = cause.details;
    const hint = `${baseName(model)} keeps its weights there: put the file beside it`;
    throw new VintnerError(cause.code, { what, ...(where !== undefined && { where }), hint }, { cause });
  }
}

function readWith(file: ModelFile, framework: string | undefined): Model {
  const frontend = chooseFrontend(file, framework);
  if (file.weights && !frontend.takesWeights)
    throw new VintnerError("INVALID_ARGUMENT", {
      what: `a weights file was given, but the format ${frontend.name} keeps no weights apart`,
      where: file.name,
      hint: "Leave the weights file out",
    });
  return frontend.read(file);
}

function chooseFrontend(file: ModelFile, framework: string | undefined): Frontend {
  const names = frontends.map((f) => f.name).join(", ");
  if (framework !== undefined) {
    const named = frontends.find((f) => f.name === framework.toLowerCase());
    if (named) return named;
    throw new VintnerError("INVALID_ARGUMENT", { what: "unknown framework", expected: `one of ${names}`, got: framework });
  }
  if (file.bytes.byteLength === 0)
    throw new VintnerError("FORMAT", { what: "the file is empty", where: file.name, hint: "Check that it was copied whole" });
  // The ending decides where there is one that is known, so that a damaged file is reported as what it claims to be.
  const byName = frontends.find((f) => f.extensions.some((e) => file.name.toLowerCase().endsWith(e)));
  const found = byName ?? frontends.find((f) => f.recognizes(file));
  if (found) return found;
  throw new VintnerError("FORMAT", {
    what: "the format of the model is not known",
    where: file.name,
    expected: `one of ${names}`,
    hint: "Say which with --framework",
  });
}
