import { rewrite } from "../rewrite.ts";

/** A conversion to the type that the data has, and Identity. */
export const noOpConvert = rewrite("no-op-convert", ["Convert", "ConvertLike", "Identity"], ({ inputs, outputs }) =>
  inputs[0].elementType === outputs[0].elementType ? inputs[0] : undefined,
);
