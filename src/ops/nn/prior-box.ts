import { type AttributeSchema, type AttributesOf, boolean, float, floats } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { anyDimension } from "../../tensor/dimension.ts";
import { multiplyDimensions } from "../../tensor/dimension-arithmetic.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { checkIntegers, integersOf } from "../movement/indices.ts";
import { outputSpec } from "../output-spec.ts";
import { type PriorShape, priorTensor } from "./prior-tensor.ts";

const attributes = {
  min_size: floats([]),
  max_size: floats([]),
  aspect_ratio: floats([]),
  density: floats([]),
  fixed_ratio: floats([]),
  fixed_size: floats([]),
  clip: boolean(false),
  flip: boolean(false),
  step: float(0),
  offset: float(),
  variance: floats([]),
  scale_all_sizes: boolean(true),
} as const satisfies Readonly<Record<string, AttributeSchema>>;

type PriorBoxAttributes = AttributesOf<typeof attributes>;

/** Centers of a cell; densities from damaged files ask for more. */
const mostBoxes = 65536;

/** Aspect ratios other than 1, each once, with their inverses where `flip` asks for them. */
function aspectRatios(attributes: PriorBoxAttributes): number[] {
  const ratios = [1];
  for (const ratio of attributes.aspect_ratio)
    if (!ratios.some((r) => Math.abs(r - ratio) < 1e-6)) ratios.push(ratio, ...(attributes.flip ? [1 / ratio] : []));
  return ratios.slice(1).filter((r) => Math.abs(r - 1) >= 1e-6);
}

/** Boxes of equal area on a grid of `density` by `density` centers in the cell. */
function denseShapes(size: number, density: number, ratios: readonly number[]): PriorShape[] {
  const whole = Math.trunc(size);
  const shift = Math.trunc(size / density);
  const place = (k: number): number => -Math.trunc(whole / 2) + shift / 2 + k * shift;
  const cells = Array.from({ length: density * density }, (_, k) => [k % density, Math.floor(k / density)] as const);
  return ratios.flatMap((ratio) => {
    const side = ratio === 1 ? whole : size;
    const [width, height] = [side * Math.sqrt(ratio), side / Math.sqrt(ratio)];
    return cells.map(([column, row]) => ({ dx: place(column), dy: place(row), width, height, clip: true }));
  });
}

/** The boxes of one cell, in pixels of the image (SSD's PriorBox; `scale_all_sizes` false: MXNet's MultiBoxPrior). */
function cellShapes(attributes: PriorBoxAttributes, imageHeight: number, minMaxFirst: boolean): PriorShape[] {
  const scaleAll = attributes.scale_all_sizes;
  const ratios = aspectRatios(attributes);
  const box = (width: number, height: number): PriorShape => ({ dx: 0, dy: 0, width, height, clip: false });
  const shapes = attributes.fixed_size.flatMap((size, s) => {
    const density = Math.trunc(attributes.density[s] ?? 1);
    return denseShapes(size, density, attributes.fixed_ratio.length > 0 ? attributes.fixed_ratio : [1, ...ratios]);
  });
  const sizes = attributes.min_size.map((size) => (scaleAll ? size : size * imageHeight));
  for (const [i, size] of sizes.entries()) {
    const most = attributes.max_size[i];
    const middle = most === undefined ? [] : [box(Math.sqrt(size * most), Math.sqrt(size * most))];
    // MXNet gives ratios of the first size only, after all sizes.
    const base = scaleAll ? size : i === sizes.length - 1 ? sizes[0] : undefined;
    const turned = base === undefined ? [] : ratios.map((r) => box(base * Math.sqrt(r), base / Math.sqrt(r)));
    shapes.push(box(size, size), ...(minMaxFirst ? [...middle, ...turned] : [...turned, ...middle]));
  }
  return shapes;
}

function inferPriorBox(context: InferContext<PriorBoxAttributes>): readonly OutputSpec[] {
  checkIntegers(context, 0, "the size of the feature map");
  checkIntegers(context, 1, "the size of the image");
  const variance = context.attributes.variance;
  if (![0, 1, 4].includes(variance.length)) context.fail('attribute "variance" must hold no number, one or four', { got: `[${variance}]` });
  const density = context.attributes.density;
  if (density.some((d) => d < 1)) context.fail('attribute "density" must be at least 1', { got: `[${density}]` });
  if (density.reduce((sum, d) => sum + d * d, 0) > mostBoxes)
    context.fail("there are too many boxes in a cell", { got: `density [${density}]` });
  const count = cellShapes(context.attributes, 1, true).length;
  const [height = anyDimension, width = anyDimension] = context.value(0) ?? [];
  return [outputSpec("f32", [2, multiplyDimensions(multiplyDimensions(height, width), 4 * count)])];
}

function evaluatePriorBox({ attributes, inputs }: EvaluateContext<PriorBoxAttributes>, minMaxFirst: boolean): readonly Tensor[] {
  const [[height, width], [imageHeight, imageWidth]] = inputs.map(integersOf);
  const scaleAll = attributes.scale_all_sizes;
  const given = attributes.step;
  const step = scaleAll ? given : given === -1 ? imageHeight / height : given * imageHeight;
  const offset = step === 0 ? 0.5 : attributes.offset;
  return [
    tensorOfNumbers(
      "f32",
      [2, height * width * cellShapes(attributes, imageHeight, minMaxFirst).length * 4],
      priorTensor({
        map: [height, width],
        image: [imageHeight, imageWidth],
        step: step === 0 ? [imageHeight / height, imageWidth / width] : [step, step],
        offset,
        shapes: cellShapes(attributes, imageHeight, minMaxFirst),
        clip: attributes.clip,
        variance: attributes.variance,
      }),
    ),
  ];
}

/** Default boxes of SSD for each cell of a feature map: inputs are the sizes (height, width) of map and image. */
export const PriorBox1 = defineOp({
  type: "PriorBox",
  since: "opset1",
  attributes,
  inputs: 2,
  infer: inferPriorBox,
  evaluate: (context) => evaluatePriorBox(context, true),
});

/** PriorBox that may put the box between min_size and max_size behind those of the aspect ratios. */
export const PriorBox8 = defineOp({
  type: "PriorBox",
  since: "opset8",
  attributes: { ...attributes, min_max_aspect_ratios_order: boolean(true) },
  inputs: 2,
  infer: inferPriorBox,
  evaluate: (context) => evaluatePriorBox(context, context.attributes.min_max_aspect_ratios_order),
});
