import { VintnerError } from "../common/errors.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import { type ChannelValuesOption } from "./channel-values.ts";
import type { LayoutOption } from "./layout.ts";
import { type InputSpec, parseInput, parseInputType } from "./parse-input.ts";
import { splitList } from "./split-list.ts";

/** A shape as data, with -1 for any length, or in OpenVINO's spelling: `[1,3,?,224..448]`. */
export type ShapeOption = string | readonly number[] | PartialShape;

/** An `input` entry as data. */
export interface InputOption {
  readonly name?: string;
  readonly shape?: ShapeOption;
  readonly type?: string;
  /** Freezes the input to this value. */
  readonly value?: number | readonly number[];
}

/** Options of `convertModel`. Their names on the command line are the same in kebab case. */
export interface ConvertOptions {
  /** The source's framework, where its file does not show it. */
  readonly framework?: string;
  /** Names, shapes, types and frozen values of the inputs: `a[1,3,?,224]{f32},b->[1 2]`, or the same as data. Cuts the model at inner tensors. */
  readonly input?: string | readonly (string | InputOption)[];
  /** Shapes in the order of `input`, or of the model's inputs, or by name. */
  readonly inputShape?: string | readonly number[] | readonly ShapeOption[] | Readonly<Record<string, ShapeOption>>;
  /** Tensors or nodes that become the model's outputs. */
  readonly output?: string | readonly string[];
  /** Subtracted from the input, by channel. */
  readonly meanValues?: ChannelValuesOption;
  /** What the input is divided by, by channel, after the mean. */
  readonly scaleValues?: ChannelValuesOption;
  /** What all inputs are divided by. */
  readonly scale?: number;
  /** RGB to BGR, before mean and scale. */
  readonly reverseInputChannels?: boolean;
  /** Layouts of the inputs, and the ones to convert them to: `nhwc->nchw`. */
  readonly layout?: LayoutOption;
  /** Length of every input's first axis. */
  readonly batch?: number;
  /** Takes the input shapes for granted: shape computations are folded, the model cannot be reshaped. */
  readonly staticShape?: boolean;
}

type Kind = "string" | "number" | "boolean" | "text or list" | "text, list or object";

const options: Readonly<Record<keyof ConvertOptions, Kind>> = {
  framework: "string",
  input: "text or list",
  inputShape: "text, list or object",
  output: "text or list",
  meanValues: "text, list or object",
  scaleValues: "text, list or object",
  scale: "number",
  reverseInputChannels: "boolean",
  layout: "text, list or object",
  batch: "number",
  staticShape: "boolean",
};

const accepts: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  string: (v) => typeof v === "string",
  number: (v) => typeof v === "number" && Number.isFinite(v),
  boolean: (v) => typeof v === "boolean",
  "text or list": (v) => typeof v === "string" || Array.isArray(v),
  "text, list or object": (v) => typeof v === "string" || (typeof v === "object" && v !== null),
};

/** Throws INVALID_ARGUMENT for an option that does not exist or has a value of the wrong kind. */
export function checkOptions(given: ConvertOptions): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(options, name))
      throw new VintnerError("INVALID_ARGUMENT", {
        what: `unknown option "${name}"`,
        expected: `one of ${Object.keys(options).join(", ")}`,
      });
    const kind = options[name as keyof ConvertOptions];
    if (!accepts[kind](value))
      throw new VintnerError("INVALID_ARGUMENT", {
        what: `option "${name}" has the wrong type`,
        expected: kind,
        got: JSON.stringify(value) ?? typeof value,
      });
  }
  if (given.scale !== undefined && given.scaleValues !== undefined)
    throw new VintnerError("INVALID_ARGUMENT", { what: 'options "scale" and "scaleValues" exclude each other', hint: "Give one of them" });
  if (given.scale === 0)
    throw new VintnerError("INVALID_ARGUMENT", { what: 'option "scale" divides by 0', expected: "a number other than 0", got: "0" });
}

/** Reads `input` and `inputShape` as one list of entries. */
export function inputSpecs({ input, inputShape }: ConvertOptions): InputSpec[] {
  const specs = input === undefined ? [] : typeof input === "string" ? parseInput(input) : input.flatMap(entryOf);
  if (inputShape === undefined) return specs;
  if (typeof inputShape === "object" && !Array.isArray(inputShape))
    return withNamedShapes(specs, inputShape as Readonly<Record<string, ShapeOption>>);
  const shapes = shapeList(inputShape as string | readonly ShapeOption[]);
  if (specs.length > 0 && specs.length !== shapes.length)
    throw new VintnerError("INVALID_ARGUMENT", {
      what: 'options "input" and "inputShape" do not match',
      expected: `${specs.length} shapes`,
      got: `${shapes.length}`,
    });
  return shapes.map((shape, i) => ({ ...specs[i], shape }));
}

function entryOf(entry: string | InputOption): InputSpec[] {
  if (typeof entry === "string") return parseInput(entry);
  const { name, shape, type, value } = entry;
  return [
    {
      ...(name === undefined ? {} : { name }),
      ...(shape === undefined ? {} : { shape: shapeOf(shape, "input") }),
      ...(type === undefined ? {} : { type: parseInputType(type, "input") }),
      ...(value === undefined ? {} : { value: typeof value === "number" ? [value] : value }),
    },
  ];
}

function withNamedShapes(specs: readonly InputSpec[], shapes: Readonly<Record<string, ShapeOption>>): InputSpec[] {
  const left = new Map(Object.entries(shapes).map(([name, shape]) => [name, shapeOf(shape, "inputShape")]));
  const merged = specs.map((spec) => {
    const shape = spec.name === undefined ? undefined : left.get(spec.name);
    if (shape === undefined) return spec;
    left.delete(spec.name as string);
    return { ...spec, shape };
  });
  return [...merged, ...[...left].map(([name, shape]) => ({ name, shape }))];
}

/** `[1,3,224,224],[1,2]`, one shape without brackets, one shape as numbers, or a list of shapes. */
function shapeList(value: string | readonly ShapeOption[]): PartialShape[] {
  if (typeof value === "string") {
    const parts =
      value.includes("[") || value.includes("(") ? splitList(value.replaceAll("(", "[").replaceAll(")", "]"), "inputShape") : [value];
    return parts.map((part) => shapeOf(part, "inputShape"));
  }
  if (value.length > 0 && value.every((d) => typeof d === "number")) return [shapeOf(value as readonly number[], "inputShape")];
  return value.map((shape) => shapeOf(shape, "inputShape"));
}

function shapeOf(shape: ShapeOption, option: string): PartialShape {
  if (shape instanceof PartialShape) return shape;
  if (typeof shape === "string") return PartialShape.parse(shape, `option "${option}"`);
  if (Array.isArray(shape) && shape.every((d) => Number.isInteger(d) && d >= -1)) return PartialShape.parse(`[${shape.join(",")}]`);
  throw new VintnerError("INVALID_ARGUMENT", {
    what: `option "${option}" has an unreadable shape`,
    expected: "lengths, or -1 for any",
    got: JSON.stringify(shape),
  });
}

/** The names of the `output` option. */
export function outputNames({ output }: ConvertOptions): readonly string[] {
  const names = output === undefined ? [] : typeof output === "string" ? splitList(output, "output") : output;
  if (names.every((n) => typeof n === "string" && n !== "")) return names;
  throw new VintnerError("INVALID_ARGUMENT", { what: 'option "output" must list names', got: JSON.stringify(output) });
}
