import type { OpenFile } from "#platform/open-file";
import { VintnerError } from "../common/errors.ts";
import { bytesInMemory, type RandomAccess } from "../platform/random-access.ts";
import { locationInFolder } from "./location.ts";

/**
 * The files that make a model: one, a pair (graph and weights), or a folder. They are opened when somebody asks for them
 * and read in ranges, so that large weights need not be in memory at once.
 */
export interface ModelFiles {
  /** What the user named, for messages: `model.onnx`, `saved_model`. */
  readonly name: string;
  /** The file that the user named, or that detection chose in a folder. */
  readonly main: RandomAccess | undefined;
  /** The second file, where the user named one. */
  readonly weights: RandomAccess | undefined;
  /** The names of all files, relative to the folder, with slashes, sorted. */
  names(): readonly string[];
  /** A file of the model's folder by its relative path. Throws INVALID_MODEL where it leads out of it, FILE_NOT_FOUND, FILE_ACCESS. */
  open(name: string): RandomAccess;
  /** The same files, one of the folder's being the main one. */
  withMain(name: string): ModelFiles;
  /** Ends reading. */
  close(): void;
}

/** The main file, for frontends whose models have one. Throws INVALID_ARGUMENT. */
export function mainFile(files: ModelFiles): RandomAccess {
  if (files.main) return files.main;
  throw new VintnerError("INVALID_ARGUMENT", {
    what: "a folder was named, and no file in it",
    where: files.name,
    hint: "Name the model's main file",
  });
}

/** A relative path, without anything that would lead out of the folder. Throws INVALID_MODEL. */
export function insideFolder(location: string): string {
  const inside = locationInFolder(location);
  if (inside !== undefined) return inside;
  throw new VintnerError("INVALID_MODEL", {
    what: "the files of a model must lie in its folder",
    expected: "a relative path without ..",
    got: JSON.stringify(location),
  });
}

/** Files that lie in memory. */
export interface MemoryFiles {
  readonly name: string;
  readonly main?: Uint8Array;
  readonly weights?: Uint8Array | RandomAccess;
  /** By their relative paths. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
}

/** The files of a model that lie in memory: all that a browser has. */
export function filesInMemory({ name, main, weights, files = new Map() }: MemoryFiles): ModelFiles {
  return {
    name,
    main: main && bytesInMemory(name, main),
    weights: weights instanceof Uint8Array ? bytesInMemory("weights", weights) : weights,
    names: () => [...files.keys()].toSorted(),
    open(location) {
      const bytes = files.get(location) ?? files.get(insideFolder(location));
      if (bytes) return bytesInMemory(location, bytes);
      throw new VintnerError("FILE_NOT_FOUND", {
        what: "the model needs a file beside it",
        where: location,
        hint: "Pass it in `files`, or as the weights",
      });
    },
    withMain: (chosen) => filesInMemory({ name: chosen, ...(weights && { weights }), files, ...pick(files, chosen) }),
    close() {
      if (weights && "close" in weights) (weights as OpenFile).close();
    },
  };
}

const pick = (files: ReadonlyMap<string, Uint8Array>, name: string): { readonly main?: Uint8Array } => {
  const main = files.get(name);
  return main ? { main } : {};
};
