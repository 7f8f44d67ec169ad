import type { Model } from "../model/model.ts";

/** A model's main file, and the way to the files beside it. */
export interface ModelFile {
  /** For messages, and by its ending a hint of the format: `model.onnx`. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Weights that the user gave; IR finds its .bin beside the .xml otherwise. */
  readonly weights?: Uint8Array;
  /** The bytes of a file in the model's folder, by its relative path. Throws INVALID_MODEL, FILE_NOT_FOUND, FILE_ACCESS. */
  sideFile(location: string): Uint8Array;
}

/** Reads the models of one framework. */
export interface Frontend {
  /** What `--framework` calls it. */
  readonly name: string;
  /** File name endings, with the dot. */
  readonly extensions: readonly string[];
  /** Whether the format keeps its weights in a file apart, which the user may name. */
  readonly takesWeights: boolean;
  /** Whether the bytes look like this format. */
  readonly recognizes: (file: ModelFile) => boolean;
  /** Throws FORMAT, INVALID_MODEL, UNSUPPORTED_OPERATION (listing all operations that are not known). */
  readonly read: (file: ModelFile) => Model;
}
