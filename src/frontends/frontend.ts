import type { Model } from "../model/model.ts";
import type { ModelFiles } from "./model-files.ts";

/** What a format's detection sees in a model's files. */
export interface Detection {
  /** "certain": a signature, or a structure that no other format has. "likely": it fits, as others might. */
  readonly confidence: "certain" | "likely";
  /** In words: `a TensorFlow Lite model`. */
  readonly what: string;
  /** Whether it is the second file of a pair: where a folder is named, its model begins with another one. */
  readonly second?: boolean;
}

/** A format of models that is known when it is seen. */
export interface ModelFormat {
  /** What `--framework` calls it. */
  readonly name: string;
  /** In words: `TensorFlow Lite`. */
  readonly title: string;
  /** File name endings, with the dot. They matter only where the content shows nothing. */
  readonly extensions: readonly string[];
  /**
   * Looks at the first bytes of the files, never at all of them. `files.main` is missing for a folder, which some formats are; the
   * files in it are asked about one by one afterwards.
   */
  readonly detect: (files: ModelFiles) => Detection | undefined;
}

/** Reads the models of one framework. */
export interface Frontend extends ModelFormat {
  /** Whether the format keeps its weights in a file apart, which the user may name. */
  readonly takesWeights: boolean;
  /** Throws FORMAT, INVALID_MODEL, UNSUPPORTED_OPERATION (listing all operations that are not known). */
  readonly read: (files: ModelFiles) => Model;
}
