/** What kind of mistake an error reports; stable, so that programs may match on it. */
export type ErrorCode =
  | "INVALID_ARGUMENT" // a call's argument: wrong name, type, shape or option
  | "FILE_NOT_FOUND"
  | "FILE_ACCESS" // a file or folder that cannot be read or written
  | "FORMAT" // bytes that are not what their format says: truncated, damaged, over a limit
  | "UNSUPPORTED_OPERATION"
  | "UNSUPPORTED" // valid input that this version cannot handle
  | "INVALID_MODEL" // a graph that breaks an operation's rules
  | "DEVICE" // a device that is missing or fails
  | "OUT_OF_MEMORY"
  | "INTERNAL"; // an invariant of vintner itself

/** The parts of an error. The message is made of them, in this order. */
export interface ErrorDetails {
  /** What is wrong, as a sentence without the full stop. */
  readonly what: string;
  /** Where: `Conv "conv1" (model.onnx)`, a file, `byte 1234`. */
  readonly where?: string;
  readonly expected?: string;
  readonly got?: string;
  /** What the user can do about it. */
  readonly hint?: string;
}

/** The one error class of vintner: a code, the parts as data, and a message made of them. */
export class VintnerError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails, options?: ErrorOptions) {
    super(formatMessage(details), options);
    this.name = "VintnerError";
    this.code = code;
    this.details = details;
  }
}

function formatMessage({ what, where, expected, got, hint }: ErrorDetails): string {
  let text = where === undefined ? what : `${where}: ${what}`;
  if (expected !== undefined) text += `; expected ${expected}`;
  if (got !== undefined) text += `${expected === undefined ? ";" : ","} got ${got}`;
  text += ".";
  if (hint !== undefined) text += ` ${hint.endsWith(".") ? hint : `${hint}.`}`;
  return text;
}

/** For states that the code itself rules out; a failure is a defect of vintner. */
export function invariant(condition: unknown, what: string): asserts condition {
  if (!condition) throw new VintnerError("INTERNAL", { what, hint: "This is a defect in vintner: please report it" });
}
