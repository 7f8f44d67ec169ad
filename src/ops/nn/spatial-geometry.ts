import { type AttributeSchema, ints, string } from "../../model/attribute.ts";
import type { Attributes } from "../../model/attribute.ts";
import type { InferContext } from "../../model/operation.ts";
import { type Dimension, dimension, isKnown, maxOf, minOf } from "../../tensor/dimension.ts";
import {
  addDimensions,
  ceilDivideDimension,
  floorDivideDimension,
  multiplyDimensions,
  subtractDimensions,
} from "../../tensor/dimension-arithmetic.ts";

/**
 * One spatial axis of a convolution or pooling, in elements: output `o` and tap `k` read input
 * `o * stride - padBegin + k * dilation`. Pads are resolved, whatever `auto_pad` says.
 */
export interface SpatialAxis {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padBegin: number;
  readonly padEnd: number;
}

/** `notset` is an old spelling of `explicit`. */
export const autoPad = string({ default: "explicit", oneOf: ["explicit", "same_upper", "same_lower", "valid", "notset"] });

/** Attributes that convolutions share. */
export const convolutionAttributes = {
  strides: ints(),
  dilations: ints(),
  pads_begin: ints(),
  pads_end: ints(),
  auto_pad: autoPad,
} as const satisfies Readonly<Record<string, AttributeSchema>>;

/** The same of group convolutions, which OpenVINO writes in another order. */
export const groupConvolutionAttributes = {
  strides: ints(),
  pads_begin: ints(),
  pads_end: ints(),
  dilations: ints(),
  auto_pad: autoPad,
} as const satisfies Readonly<Record<string, AttributeSchema>>;

/** How window counts are rounded. `ceil_torch` also drops a last window that would start in the end's padding. */
export type Rounding = "floor" | "ceil" | "ceil_torch";

const isSame = (attributes: Attributes): boolean => attributes.auto_pad === "same_upper" || attributes.auto_pad === "same_lower";

/** Attribute `name` as one number for each spatial axis; a missing or empty list means `otherwise`. Throws on a wrong count. */
function perAxis(context: Pick<InferContext, "attributes" | "fail">, name: string, count: number, otherwise: number): readonly number[] {
  const list = context.attributes[name] as readonly number[] | undefined;
  if (list === undefined || list.length === 0) return new Array<number>(count).fill(otherwise);
  if (list.length !== count)
    context.fail(`attribute "${name}" needs one number for each spatial axis`, { expected: `${count}`, got: `[${list}]` });
  return list;
}

/** Checks that strides and dilations are positive. */
function checkPositive(context: Pick<InferContext, "fail">, name: string, list: readonly number[]): void {
  if (list.some((n) => n < 1)) context.fail(`attribute "${name}" must be positive`, { got: `[${list}]` });
}

const atLeast = (d: Dimension, least: number): Dimension =>
  isKnown(d) || d.min >= least ? d : dimension(least, Math.max(least, d.max), d.symbol);

/** Length of a kernel with its gaps. */
export const dilated = (kernel: Dimension, dilation: number): Dimension =>
  addDimensions(multiplyDimensions(addDimensions(kernel, -1), dilation), 1);

/**
 * Output lengths of a convolution or pooling: floor or ceil of (input + pads - dilated kernel) / stride, plus 1; with
 * `same_*` pads ceil(input / stride). Throws where a window is longer than the padded input.
 */
export function windowOutputs(
  context: Pick<InferContext, "attributes" | "fail">,
  input: readonly Dimension[],
  kernel: readonly Dimension[],
  rounding: Rounding = "floor",
): Dimension[] {
  const { attributes } = context;
  const strides = perAxis(context, "strides", input.length, 1);
  const dilations = perAxis(context, "dilations", input.length, 1);
  checkPositive(context, "strides", strides);
  checkPositive(context, "dilations", dilations);
  const begins = perAxis(context, "pads_begin", input.length, 0);
  const ends = perAxis(context, "pads_end", input.length, 0);
  return input.map((size, i) => {
    if (isSame(attributes)) return ceilDivideDimension(size, strides[i]);
    const pads = attributes.auto_pad === "valid" ? 0 : begins[i] + ends[i];
    const window = dilated(atLeast(kernel[i], 1), dilations[i]);
    if (maxOf(addDimensions(size, pads)) < minOf(window))
      context.fail("the window is longer than the padded input", {
        expected: `at most ${maxOf(size) + pads} on spatial axis ${i}`,
        got: `${minOf(window)}`,
        hint: "Check the kernel, the dilations, the pads and the input's layout",
      });
    const room = subtractDimensions(addDimensions(size, pads), window);
    const steps = (rounding === "floor" ? floorDivideDimension : ceilDivideDimension)(room, strides[i]);
    const output = atLeast(addDimensions(steps, 1), 1);
    if (rounding !== "ceil_torch") return output;
    const begin = attributes.auto_pad === "valid" ? 0 : begins[i];
    if (isKnown(output) && isKnown(size)) return (output - 1) * strides[i] >= size + begin ? output - 1 : output;
    return dimension(Math.max(1, minOf(output) - 1), maxOf(output));
  });
}

/** The axes of a convolution or pooling whose lengths are known. `same_upper` puts an odd pad at the end, `same_lower` at the begin. */
export function spatialAxes(
  context: Pick<InferContext, "attributes" | "fail">,
  input: readonly number[],
  output: readonly number[],
  kernel: readonly number[],
): SpatialAxis[] {
  const { attributes } = context;
  const strides = perAxis(context, "strides", input.length, 1);
  const dilations = perAxis(context, "dilations", input.length, 1);
  const begins = perAxis(context, "pads_begin", input.length, 0);
  const ends = perAxis(context, "pads_end", input.length, 0);
  return input.map((size, i) => {
    const axis = { input: size, output: output[i], kernel: kernel[i], stride: strides[i], dilation: dilations[i] };
    if (attributes.auto_pad === "valid") return { ...axis, padBegin: 0, padEnd: 0 };
    if (!isSame(attributes)) return { ...axis, padBegin: begins[i], padEnd: ends[i] };
    const total = Math.max(0, (axis.output - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1 - size);
    const half = Math.floor(total / 2);
    return attributes.auto_pad === "same_upper"
      ? { ...axis, padBegin: half, padEnd: total - half }
      : { ...axis, padBegin: total - half, padEnd: half };
  });
}

/** Output lengths of a transposed convolution: (input - 1) * stride + dilated kernel - pads + output padding. */
export function transposedOutputs(
  context: Pick<InferContext, "attributes" | "fail">,
  input: readonly Dimension[],
  kernel: readonly Dimension[],
): Dimension[] {
  const { attributes } = context;
  const strides = perAxis(context, "strides", input.length, 1);
  const dilations = perAxis(context, "dilations", input.length, 1);
  checkPositive(context, "strides", strides);
  checkPositive(context, "dilations", dilations);
  const explicit = attributes.auto_pad === "explicit" || attributes.auto_pad === "notset";
  const begins = perAxis(context, "pads_begin", input.length, 0);
  const ends = perAxis(context, "pads_end", input.length, 0);
  const extra = perAxis(context, "output_padding", input.length, 0);
  return input.map((size, i) => {
    const pads = explicit ? begins[i] + ends[i] : 0;
    // Written as input * stride + rest, so that a symbol stays simple where the rest is 0.
    const rest = addDimensions(dilated(kernel[i], dilations[i]), extra[i] - pads - strides[i]);
    const output = addDimensions(multiplyDimensions(size, strides[i]), rest);
    if (maxOf(output) < 1)
      context.fail("the transposed convolution has no output left after cutting its pads", {
        got: `length ${maxOf(output)} on spatial axis ${i}`,
      });
    return atLeast(output, 1);
  });
}

/**
 * The axes of a transposed convolution whose lengths are known: input `i` and tap `k` add to output
 * `i * stride - padBegin + k * dilation`. With `same_*` and given output lengths the pads follow from these.
 */
export function transposedAxes(
  context: Pick<InferContext, "attributes" | "fail">,
  input: readonly number[],
  output: readonly number[],
  kernel: readonly number[],
  outputGiven: boolean,
): SpatialAxis[] {
  const { attributes } = context;
  const explicit = attributes.auto_pad === "explicit" || attributes.auto_pad === "notset";
  const strides = perAxis(context, "strides", input.length, 1);
  const dilations = perAxis(context, "dilations", input.length, 1);
  const begins = perAxis(context, "pads_begin", input.length, 0);
  const ends = perAxis(context, "pads_end", input.length, 0);
  const extra = perAxis(context, "output_padding", input.length, 0);
  return input.map((size, i) => {
    const axis = { input: size, output: output[i], kernel: kernel[i], stride: strides[i], dilation: dilations[i] };
    if (explicit) return { ...axis, padBegin: begins[i], padEnd: ends[i] };
    if (!isSame(attributes) || !outputGiven) return { ...axis, padBegin: 0, padEnd: 0 };
    const total = Math.max(0, (size - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 + extra[i] - output[i]);
    const half = Math.floor(total / 2);
    // The other way round than a convolution: what is cut here is where that one's input was padded less.
    return attributes.auto_pad === "same_upper"
      ? { ...axis, padBegin: total - half, padEnd: half }
      : { ...axis, padBegin: half, padEnd: total - half };
  });
}

/** Leading axes of length 1, so that every case has three. */
export function asThreeAxes(axes: readonly SpatialAxis[]): readonly [SpatialAxis, SpatialAxis, SpatialAxis] {
  const unit: SpatialAxis = { input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, padBegin: 0, padEnd: 0 };
  const padded = [...Array.from({ length: Math.max(0, 3 - axes.length) }, () => unit), ...axes];
  return [padded[0], padded[1], padded[2]];
}
