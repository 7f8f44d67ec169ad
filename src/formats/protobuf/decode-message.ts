import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { VintnerError } from "../../common/errors.ts";
import { ObjectBudget } from "../object-budget.ts";
import { countObjects } from "./count-objects.ts";
import { locateFault } from "./locate-fault.ts";

/** Messages nest at most this deep; what exporters write stays under 20. */
export const maxDepth = 100;

export interface DecodeOptions {
  /** What the bytes should be, for the error: `an ONNX model`. */
  readonly what: string;
  /** The file they come from. */
  readonly file: string;
}

/**
 * Decodes a protobuf message. Fields of `bytes` are views on `data`, not copies; fields that the schema lacks are skipped.
 * Throws FORMAT where it would become more objects than the heap has room for, and, with the byte offset of the first fault, where the data is truncated or damaged.
 */
export function decodeMessage<Schema extends DescMessage>(schema: Schema, data: Uint8Array, options: DecodeOptions): MessageShape<Schema> {
  countObjects(schema, data, maxDepth, new ObjectBudget(options.file));
  try {
    return fromBinary(schema, data, { readUnknownFields: false, recursionLimit: maxDepth });
  } catch (cause) {
    const fault = locateFault(schema, data, maxDepth);
    throw new VintnerError(
      "FORMAT",
      {
        what: `this is not ${options.what}, or it is truncated or damaged${fault === undefined ? "" : `: ${fault.what} at byte ${fault.offset}`}`,
        where: options.file,
        got: `${data.byteLength} bytes`,
        hint: "Check that the file was copied whole (Git LFS leaves a small text file instead) and that its format is the one named",
      },
      { cause },
    );
  }
}
