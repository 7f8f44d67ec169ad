import { VintnerError } from "../common/errors.ts";
import { type ElementType } from "../tensor/element-type.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import { parseNumbers, splitList } from "./split-list.ts";

/** Types that an input may be given. */
export const inputTypes = [
  "f64",
  "f32",
  "f16",
  "i64",
  "i32",
  "i16",
  "i8",
  "u64",
  "u32",
  "u16",
  "u8",
  "boolean",
] as const satisfies readonly ElementType[];

/** What to do with one input: name it, shape it, type it, or freeze it to a value. */
export interface InputSpec {
  /** Tensor name, friendly name, `0:node` for a node's input or `node:1` for its output; absent: by position. */
  readonly name?: string;
  readonly shape?: PartialShape;
  readonly type?: ElementType;
  /** Freezes the input: it is a constant from then on. */
  readonly value?: readonly number[];
}

const grammar = "name[shape]{type}->value, as in a[1,3,?,224]{f32},b->[1 2]";

/** Reads the Model Optimizer's `--input`: `a[1 10]{f32},b:1[2]{i32}->[20 15],len->150`. Throws INVALID_ARGUMENT. */
export function parseInput(text: string, option = "input"): InputSpec[] {
  return splitList(text, option).map((entry) => parseEntry(entry, option));
}

function parseEntry(entry: string, option: string): InputSpec {
  const arrow = entry.lastIndexOf("->");
  const head = (arrow < 0 ? entry : entry.slice(0, arrow)).trim();
  const match = /^(.*?)\s*(\[[^\]]*\])?\s*(?:\{([^}]*)\})?$/.exec(head);
  const [, name = "", shape, type] = match ?? [];
  if (match === null || (name === "" && shape === undefined && type === undefined))
    throw new VintnerError("INVALID_ARGUMENT", { what: `unreadable entry of option "${option}"`, expected: grammar, got: `"${entry}"` });
  return {
    ...(name === "" ? {} : { name }),
    ...(shape === undefined ? {} : { shape: PartialShape.parse(shape, `option "${option}"`) }),
    ...(type === undefined ? {} : { type: parseInputType(type, option) }),
    ...(arrow < 0 ? {} : { value: parseValue(entry.slice(arrow + 2), option) }),
  };
}

/** Checks an input's element type; `fp32` and `float` count as `f32`, and so on. */
export function parseInputType(text: string, option: string): ElementType {
  const name = text.trim().toLowerCase();
  const type = aliases[name] ?? name;
  const found = inputTypes.find((t) => t === type);
  if (found !== undefined) return found;
  throw new VintnerError("INVALID_ARGUMENT", {
    what: `unknown type in option "${option}"`,
    expected: `one of ${inputTypes.join(", ")}`,
    got: `"${text}"`,
  });
}

const aliases: Readonly<Record<string, ElementType>> = {
  fp64: "f64",
  fp32: "f32",
  fp16: "f16",
  double: "f64",
  float: "f32",
  half: "f16",
  bool: "boolean",
  int64: "i64",
  int32: "i32",
  int8: "i8",
  uint8: "u8",
};

function parseValue(text: string, option: string): number[] {
  const words: Readonly<Record<string, string>> = { true: "1", false: "0" };
  const numbers = parseNumbers(
    text.replace(/\b(true|false)\b/gi, (word) => words[word.toLowerCase()]),
    option,
  );
  if (numbers.length > 0) return numbers;
  throw new VintnerError("INVALID_ARGUMENT", {
    what: `a frozen input of option "${option}" has no value`,
    expected: grammar,
    got: `"->${text}"`,
  });
}
