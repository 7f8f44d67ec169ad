import { elementwiseKernel } from "./kernels/elementwise.ts";
import { type Epilogue, isCostly } from "./kernels/epilogue.ts";
import { type ConvolutionProblem, convolutionKernels, segmentOperands } from "./kernels/convolution.ts";
import type { WindowAxis } from "./kernels/convolution-window.ts";
import { packDepthwiseWeights, packWeights } from "./kernels/pack-weights.ts";
import { paddedChannels, slidingWindowKernel, widestWindow } from "./kernels/sliding-window.ts";
import { blockChannels } from "./kernels/tile.ts";
import type { Group } from "../../lowering/fuse.ts";
import type { LoweringContext } from "./lowering-context.ts";
import { splitBias } from "./split-bias.ts";
import { permuteView, type View } from "../../lowering/view.ts";
import type { WeightNumbers } from "./weight-numbers.ts";

export interface ConvolutionViews {
  /** [batch, channels, height, width] */
  readonly input: View;
  readonly groups: number;
  readonly y: WindowAxis;
  readonly x: WindowAxis;
}

/** Where sums go and what happens to them: views of [batch, channels, height, width]. */
export interface ConvolutionResult {
  readonly bias?: Float32Array;
  readonly output: View;
  readonly epilogue?: Epilogue;
  /** An epilogue that is left for a pass of its own: see `finishConvolution`. */
  readonly pass?: Epilogue;
  /** Names the bias's data. */
  readonly biasKey: string;
}

/** Weights of [groups][outputs][inputs][kernel y][kernel x]. */
export interface ConvolutionWeights {
  /** Names the data, and the way it is read. */
  readonly key: string;
  readonly read: () => WeightNumbers;
  /** Channels of a group. */
  readonly outputs: number;
  readonly inputs: number;
}

/** Allocates a group's output and lays out its bias and epilogue; `flat` turns the operation's views into rank 4. */
export function convolutionGroup(context: LoweringContext, group: Group, flat: (view: View) => View): ConvolutionResult {
  const split = splitBias(context, group, 1);
  const extras = context.epilogueInputs({ ...group, inputs: split.inputs }, 1).map(flat);
  const allocated = context.allocateOutput(group.output, group.output.shape.length === 3 ? [0, 2, 1] : undefined, 1);
  context.define(group.output, allocated);
  const output = flat(allocated);
  const epilogue = split.expression && { expression: split.expression, inputs: extras };
  // Where channels fill few lanes of a vector, elementary functions are cheaper over the stored sums, all lanes full.
  const apart =
    epilogue !== undefined && output.element === "f32" && output.shape[1] * 4 <= context.target.lanes && isCostly(epilogue.expression);
  return {
    output,
    biasKey: split.biasKey ?? "none",
    ...(split.bias && { bias: split.bias }),
    ...(epilogue && (apart ? { pass: epilogue } : { epilogue })),
  };
}

/** The pass over the sums that a result left out, in place; behind all kernels that write the output. */
export function finishConvolution(context: LoweringContext, { output, pass }: ConvolutionResult): void {
  if (pass === undefined) return;
  const problem = { expression: pass.expression, inputs: [output, ...pass.inputs], output, threads: context.threads };
  context.step(elementwiseKernel(problem, context.target), [output, ...pass.inputs, output]);
}

/** Emits the kernels of a convolution: depthwise by windows, all others by implicit GEMM. */
export function lowerConvolution(
  context: LoweringContext,
  result: ConvolutionResult,
  views: ConvolutionViews,
  weights: ConvolutionWeights,
): void {
  if (views.groups > 1 && weights.outputs === 1 && weights.inputs === 1 && views.x.kernel <= widestWindow)
    depthwise(context, result, views, weights);
  else dense(context, result, views, weights);
}

function depthwise(
  context: LoweringContext,
  { bias, output, epilogue, biasKey }: ConvolutionResult,
  { input, groups: channels, y, x }: ConvolutionViews,
  weights: ConvolutionWeights,
): void {
  const padded = paddedChannels(channels, context.target);
  const taps = y.kernel * x.kernel;
  const source = context.contiguousAlong(input, 1);
  const packed = context.filledConstant({ depthwise: weights.key, channels, y: y.kernel, x: x.kernel }, [taps, padded], (to) =>
    packDepthwiseWeights(to, { channels, padded, y: y.kernel, x: x.kernel }, weights.read()),
  );
  const biases = context.constant({ bias: biasKey, channels }, [padded], "f32", () => {
    const to = new Float32Array(padded);
    if (bias) to.set(bias);
    return to;
  });
  const problem = { input: source, output, y, x, reduce: "multiplyAdd", threads: context.threads, ...(epilogue && { epilogue }) } as const;
  const kernel = context.kernels(slidingWindowKernel, problem);
  context.step(kernel, [source, packed, biases, output, ...(epilogue?.inputs ?? [])]);
}

/** [batch, channels, height, width] as [batch, groups, channels of a group, height, width]. */
function grouped(view: View, groups: number): View {
  const [batch, channels, height, width] = view.shape;
  const [n, c, y, x] = view.strides;
  return { ...view, shape: [batch, groups, channels / groups, height, width], strides: [n, (c * channels) / groups, c, y, x] };
}

function dense(
  context: LoweringContext,
  { bias, output, epilogue, biasKey }: ConvolutionResult,
  { input, groups, y, x }: ConvolutionViews,
  weights: ConvolutionWeights,
): void {
  const problem = flatten({
    input: grouped(input, groups),
    output: grouped(output, groups),
    y,
    x,
    bias: bias !== undefined,
    threads: context.threads,
    ...(epilogue && { epilogue: { ...epilogue, inputs: epilogue.inputs.map((v) => grouped(v, groups)) } }),
  });
  const taps = y.kernel * x.kernel;
  const { outputs, inputs } = weights;
  let numbers: WeightNumbers | undefined;
  for (const { kernel, segment } of context.kernels(convolutionKernels, problem)) {
    const block = blockChannels(segment.tile);
    const { blocks, firstChannel, channels } = segment;
    const layout = { groups, outputs, inputs, y: y.kernel, x: x.kernel, firstChannel, channels, block, blocks };
    const packed = context.filledConstant({ convolution: weights.key, layout }, [groups * blocks * taps * inputs * block], (to) =>
      packWeights(to, layout, (numbers ??= weights.read())),
    );
    const padded = segment.blocks * block;
    const biases = bias && [
      context.constant({ bias: biasKey, groups, outputs: weights.outputs, segment }, [groups * padded], "f32", () => {
        const to = new Float32Array(groups * padded);
        for (let g = 0; g < groups; g++)
          to.set(
            bias.subarray(g * weights.outputs + segment.firstChannel, g * weights.outputs + segment.firstChannel + segment.channels),
            g * padded,
          );
        return to;
      }),
    ];
    context.step(kernel, [problem.input, packed, ...(biases ?? []), ...segmentOperands(problem, segment).results]);
  }
}

/** A 1x1 convolution without stride or padding sees one long row of pixels, where all views allow it. */
export function flatten(problem: ConvolutionProblem): ConvolutionProblem {
  const { input, output, y, x, epilogue } = problem;
  if (![y, x].every((a) => a.kernel === 1 && a.stride === 1 && a.pad === 0 && a.input === a.output)) return problem;
  const views = [input, output, ...(epilogue?.inputs ?? [])];
  const mergeable = (view: View, outer: number, inner: number): boolean =>
    view.shape[outer] === 1 || view.strides[outer] === view.strides[inner] * view.shape[inner];
  const merged = (view: View, outer: number, inner: number): View => ({
    ...view,
    shape: view.shape.map((d, i) => (i === inner ? d * view.shape[outer] : i === outer ? 1 : d)),
  });
  let current = views;
  if (current.every((v) => mergeable(v, 3, 4))) current = current.map((v) => merged(v, 3, 4));
  else if (input.shape[4] === 1) current = current.map((v) => permuteView(v, [0, 1, 2, 4, 3]));
  if (current[0].shape[3] === 1 && input.shape[0] > 1 && problem.weights === undefined && current.every((v) => mergeable(v, 0, 4)))
    current = current.map((v) => merged(v, 0, 4));
  const axis = (size: number): WindowAxis => ({ input: size, output: size, kernel: 1, stride: 1, dilation: 1, pad: 0 });
  const [newInput, newOutput, ...extras] = current;
  return {
    ...problem,
    input: newInput,
    output: newOutput,
    y: axis(newInput.shape[3]),
    x: axis(newInput.shape[4]),
    ...(epilogue && { epilogue: { ...epilogue, inputs: extras } }),
  };
}
