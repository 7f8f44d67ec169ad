import type { InferContext } from "../../model/operation.ts";
import { anyDimension, type Dimension, isKnown, mergeDimensions } from "../../tensor/dimension.ts";
import { multiplyDimensions } from "../../tensor/dimension-arithmetic.ts";
import type { ElementType } from "../../tensor/element-type.ts";

/** What inference knows of a convolution's data and weights. */
interface ConvolutionOperands {
  readonly type: ElementType;
  readonly batch: Dimension;
  /** Lengths of the data's spatial axes. */
  readonly spatial: readonly Dimension[];
  readonly kernel: readonly Dimension[];
  readonly outputChannels: Dimension;
}

/** Order of the leading dimensions of the weights: `G` groups, `O` output and `I` input channels, both of one group. */
export type WeightLayout = "OI" | "IO" | "GOI" | "GIO";

/**
 * Reads the shapes of a convolution with data [N, C, spatial...] and weights [layout, kernel...], and checks that they fit.
 * Undefined where the number of spatial axes cannot be told.
 */
export function convolutionOperands(context: InferContext, layout: WeightLayout): ConvolutionOperands | undefined {
  const [data, weights] = context.inputs;
  if (data.elementType !== weights.elementType && data.elementType !== "dynamic" && weights.elementType !== "dynamic")
    context.fail("data and weights must be of one element type", { expected: data.elementType, got: weights.elementType });
  const type = data.elementType === "dynamic" ? weights.elementType : data.elementType;
  const leading = layout.length;
  const dataShape = data.partialShape.dimensions;
  const weightShape = weights.partialShape.dimensions;
  const count = dataShape !== undefined ? dataShape.length - 2 : weightShape && weightShape.length - leading;
  if (count === undefined) return undefined;
  if (count < 1 || count > 3)
    context.fail("convolutions have one to three spatial axes", { got: `data ${data.partialShape}, weights ${weights.partialShape}` });
  if (weightShape !== undefined && weightShape.length !== count + leading)
    context.fail("the weights' rank does not fit the data", {
      expected: `${count + leading} dimensions for data ${data.partialShape}`,
      got: `weights ${weights.partialShape}`,
    });
  const of = (letter: string): Dimension => (layout.includes(letter) ? (weightShape?.[layout.indexOf(letter)] ?? anyDimension) : 1);
  const groups = of("G");
  const channels = dataShape?.[1] ?? anyDimension;
  const wanted = multiplyDimensions(groups, of("I"));
  if (mergeDimensions(channels, wanted) === undefined)
    context.fail(`input has ${format(channels)} channels, weights expect ${format(of("I"))} x ${format(groups)} groups`, {
      got: `data ${data.partialShape}, weights ${weights.partialShape}`,
      hint: "Check the number of groups and the layout of the data",
    });
  return {
    type,
    batch: dataShape?.[0] ?? anyDimension,
    spatial: dataShape?.slice(2) ?? new Array<Dimension>(count).fill(anyDimension),
    kernel: weightShape?.slice(leading) ?? new Array<Dimension>(count).fill(anyDimension),
    outputChannels: multiplyDimensions(groups, of("O")),
  };
}

const format = (d: Dimension): string => (isKnown(d) ? String(d) : "?");
