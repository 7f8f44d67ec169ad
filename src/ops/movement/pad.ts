import { rowMajorStrides, shapeSize } from "../../common/shape.ts";
import { type AttributeSchema, string } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { anyDimension, type Dimension, dimension, isKnown, maxOf, minOf } from "../../tensor/dimension.ts";
import { addDimensions } from "../../tensor/dimension-arithmetic.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec, unknownDimensions } from "../output-spec.ts";
import { checkIntegers, integersOf } from "./indices.ts";
import { knownNumbers, mostMovedElements, movedValues } from "./moved-values.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "./raw-elements.ts";
import { copySeparable, noSource, offsetTable } from "./separable-copy.ts";

export type PadMode = "constant" | "edge" | "reflect" | "symmetric";
const padMode = string({ oneOf: ["constant", "edge", "reflect", "symmetric"] });
const attributes = { pad_mode: padMode } as const satisfies Readonly<Record<string, AttributeSchema>>;

/** Which element of an axis stands at position `p`, which may lie before its begin or after its end. */
export function sourcePosition(p: number, length: number, mode: PadMode): number {
  if (p >= 0 && p < length) return p;
  if (mode === "constant" || length === 0) return noSource;
  if (mode === "edge") return p < 0 ? 0 : length - 1;
  const period = mode === "reflect" ? Math.max(1, 2 * (length - 1)) : 2 * length;
  const q = ((p % period) + period) % period;
  return mode === "reflect" ? (q < length ? q : period - q) : q < length ? q : period - 1 - q;
}

/** Pads (or, with negative numbers, crops) every axis. */
function padTensor(data: Tensor, begins: readonly number[], ends: readonly number[], mode: PadMode, fill: Tensor | undefined): Tensor {
  const shape = data.shape.map((d, i) => d + begins[i] + ends[i]);
  const strides = rowMajorStrides(data.shape);
  const raw = allocateRaw(data.elementType, shapeSize(shape));
  // The fill value has the data's type, so its one entry is of the right kind.
  if (fill !== undefined && mode === "constant") (raw as Float32Array).fill((rawElements(fill) as Float32Array)[0]);
  const tables = shape.map((length, axis) =>
    offsetTable(length, strides[axis], (p) => sourcePosition(p - begins[axis], data.shape[axis], mode)),
  );
  copySeparable(tables, rawElements(data), raw);
  return tensorOfRaw(data.elementType, shape, raw);
}

/** The longest pad of one side that a mode can fill from `length` elements. */
const longestPad = (mode: PadMode, length: number): number =>
  mode === "reflect" ? length - 1 : mode === "symmetric" ? length : mode === "edge" && length === 0 ? 0 : Number.POSITIVE_INFINITY;

type Fail = InferContext["fail"];

function checkPads(fail: Fail, mode: PadMode, length: Dimension, begin: number, end: number, axis: number): void {
  const most = longestPad(mode, maxOf(length));
  if (Math.max(begin, end) > most)
    fail(`the pad is too long for mode "${mode}"`, { expected: `at most ${most} on axis ${axis}`, got: `${begin} and ${end}` });
  if (maxOf(length) + begin + end < 0)
    fail("negative pads cut more than there is", { expected: `at most ${maxOf(length)} on axis ${axis}`, got: `${begin} and ${end}` });
}

type PadAttributes = { readonly pad_mode: PadMode };

function inferPad(context: InferContext<PadAttributes>, negative: boolean): readonly OutputSpec[] {
  const data = context.inputs[0];
  const mode = context.attributes.pad_mode;
  const fill = context.inputs[3];
  checkIntegers(context, 1, "pads_begin");
  checkIntegers(context, 2, "pads_end");
  if (fill !== undefined && mode === "constant" && fill.elementType !== data.elementType && fill.elementType !== "dynamic")
    context.fail("the pad value must be of the data's element type", { expected: data.elementType, got: fill.elementType });
  const dimensions = data.partialShape.dimensions;
  const [begins, ends] = [context.value(1), context.value(2)];
  if (dimensions === undefined) {
    const rank = begins?.length ?? ends?.length;
    return [outputSpec(data.elementType, unknownDimensions(rank))];
  }
  for (const [name, list] of [
    ["pads_begin", begins],
    ["pads_end", ends],
  ] as const) {
    if (list !== undefined && list.length !== dimensions.length)
      context.fail(`${name} needs one number for each dimension`, { expected: `${dimensions.length}`, got: `${list.length}` });
    if (!negative && list?.some((p) => maxOf(p) < 0)) context.fail(`${name} must not be negative before opset12`, { got: `[${list}]` });
  }
  if (begins === undefined || ends === undefined)
    return [
      outputSpec(
        data.elementType,
        dimensions.map(() => anyDimension),
      ),
    ];
  const shape = dimensions.map((d, i) => {
    const [begin, end] = [begins[i], ends[i]];
    if (isKnown(begin) && isKnown(end)) checkPads(context.fail, mode, d, begin, end, i);
    const padded = addDimensions(d, addDimensions(begin, end));
    return isKnown(padded) || minOf(padded) >= 0 ? padded : dimension(0, maxOf(padded), padded.symbol);
  });
  return [outputSpec(data.elementType, shape, paddedValues(context, mode, shape))];
}

function paddedValues(context: InferContext, mode: PadMode, shape: readonly Dimension[]): readonly Dimension[] | undefined {
  const [begins, ends] = [knownNumbers(context, 1), knownNumbers(context, 2)];
  if (begins === undefined || ends === undefined || shape.length !== 1 || maxOf(shape[0]) > mostMovedElements) return undefined;
  if (mode !== "constant") return movedValues(context, [0], ([p]) => [padTensor(p, begins, ends, mode, undefined)])?.[0];
  const zero = context.inputs[3] === undefined ? [0] : context.value(3);
  const value = context.value(0);
  if (zero === undefined || value === undefined) return undefined;
  const before = new Array<Dimension>(Math.max(0, begins[0])).fill(zero[0]);
  const after = new Array<Dimension>(Math.max(0, ends[0])).fill(zero[0]);
  return [...before, ...value.slice(Math.max(0, -begins[0]), value.length + Math.min(0, ends[0])), ...after];
}

function evaluatePad({ node, inputs, attributes: { pad_mode: mode } }: EvaluateContext<PadAttributes>): readonly Tensor[] {
  const [begins, ends] = [integersOf(inputs[1]), integersOf(inputs[2])];
  for (const [i, d] of inputs[0].shape.entries()) checkPads(node.fail.bind(node), mode, d, begins[i], ends[i], i);
  return [padTensor(inputs[0], begins, ends, mode, inputs[3])];
}

/** Extends every axis: inputs are data, pads_begin, pads_end and, for mode `constant`, the value (default 0). */
export const Pad1 = defineOp({
  type: "Pad",
  since: "opset1",
  attributes,
  inputs: [3, 4],
  shapeInputs: [1, 2],
  positional: true,
  infer: (context) => inferPad(context, false),
  evaluate: evaluatePad,
});

/** Pad whose pads may be negative, which crops. */
export const Pad12 = defineOp({
  type: "Pad",
  since: "opset12",
  attributes,
  inputs: [3, 4],
  shapeInputs: [1, 2],
  positional: true,
  infer: (context) => inferPad(context, true),
  evaluate: evaluatePad,
});
