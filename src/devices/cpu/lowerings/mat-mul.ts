import type { Node } from "../../../model/node.ts";
import { convolutionKernels, type ConvolutionProblem, segmentOperands } from "../kernels/convolution.ts";
import type { WindowAxis } from "../kernels/convolution-window.ts";
import { type ConvolutionResult, lowerConvolution } from "../lower-convolution.ts";
import type { Lowering } from "../lowering.ts";
import type { LoweringContext } from "../lowering-context.ts";
import { splitBias } from "../split-bias.ts";
import { problemKey } from "../../../lowering/problem-key.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { weightNumbers } from "../weight-numbers.ts";
import { broadcastView, permuteView, plainOrder, reshapeView, type View } from "../../../lowering/view.ts";

const unit = (size: number): WindowAxis => ({ input: size, output: size, kernel: 1, stride: 1, dilation: 1, pad: 0 });

/** The last two dimensions exchanged, by strides. */
const swapped = (view: View): View => {
  const rank = view.shape.length;
  return permuteView(view, [...plainOrder(rank - 2), rank - 1, rank - 2]);
};

/** A matrix of an operand: rank 2 or more, transposed where the attribute says so. */
function matrixOf(view: View, transpose: boolean, side: "left" | "right"): View {
  if (view.shape.length === 1)
    return side === "left"
      ? { ...view, shape: [1, view.shape[0]], strides: [0, view.strides[0]] }
      : { ...view, shape: [view.shape[0], 1], strides: [view.strides[0], 0] };
  return transpose ? swapped(view) : view;
}

/** Matrix products: implicit GEMM with the right side packed when it is constant, else read where it lies. */
export const matMulLowering: Lowering = {
  types: ["MatMul"],
  accepts: (node: Node) => node.inputs.every((i) => i.elementType === "f32") && node.outputs[0].shape.every((d) => d > 0),
  takesEpilogue: (node) => node.inputs.every((i) => i.shape.length > 1),
  lower(context, group) {
    const { anchor } = group;
    const left = matrixOf(context.view(anchor.inputs[0]), anchor.attributes["transpose_a"] === true, "left");
    const right = anchor.inputs[1];
    const rightShape = matrixShape(right.shape, anchor.attributes["transpose_b"] === true);
    const [depth, columns] = rightShape.slice(-2);
    const rows = left.shape[left.shape.length - 2];
    const rank = group.output.shape.length;
    const split = splitBias(context, group, rank - 1);
    const extras = context.epilogueInputs({ ...group, inputs: split.inputs }, rank - 1);
    const placed = context.allocateOutput(group.output, plainOrder(rank), rank - 1);
    context.define(group.output, placed);

    const constantMatrix = right.constant !== undefined && rightShape.slice(0, -2).every((d) => d === 1);
    // A vector operand leaves no dimension of its own in the output.
    const batch = group.output.shape.slice(0, rank - anchor.inputs.filter((i) => i.shape.length > 1).length);
    const batches = batch.reduce((n, d) => n * d, 1);
    // Inside a concatenation rows may lie too far apart to be one row of pixels.
    const flat = constantMatrix ? [batches * rows, columns] : [batches, rows, columns];
    const output = reshapeView(placed, flat)
      ? placed
      : context.allocate(placed.shape, placed.element, plainOrder(rank), `${placed.block.name} rows`);
    const finish = (): void => {
      if (output !== placed) context.copy(output, placed);
    };
    if (constantMatrix) {
      // All rows of all batches are pixels of one 1x1 convolution.
      const pixels = batches * rows;
      const asRows = (view: View, width: number): View => {
        const flat = context.reshape(view, [pixels, width]);
        return { ...flat, shape: [1, width, 1, pixels], strides: [0, flat.strides[1], 0, flat.strides[0]] };
      };
      const transposed = anchor.attributes["transpose_b"] === true && right.shape.length > 1;
      const result: ConvolutionResult = {
        biasKey: split.biasKey ?? "none",
        output: asRows(output, columns),
        ...(split.bias && { bias: split.bias }),
        ...(split.expression && {
          epilogue: { expression: split.expression, inputs: extras.map((v) => asRows(reshapable(context, v), columns)) },
        }),
      };
      const last = right.shape.length - 1;
      const axes = last === 0 ? { input: 0 } : transposed ? { output: last - 1, input: last } : { output: last, input: last - 1 };
      lowerConvolution(
        context,
        result,
        { input: asRows(left, depth), groups: 1, y: unit(1), x: unit(pixels) },
        {
          key: problemKey("matrix", { data: context.keyOf(right), transposed }),
          read: () => weightNumbers(right.constant as Tensor, axes),
          outputs: columns,
          inputs: depth,
        },
      );
      finish();
      return;
    }
    const matrices = (view: View, height: number, width: number): View =>
      context.reshape(reshapable(context, broadcastView(view, [...batch, height, width])), [batches, height, width]);
    const a = matrices(left, rows, depth);
    const b = context.contiguousAlong(
      matrices(matrixOf(context.view(right), anchor.attributes["transpose_b"] === true, "right"), depth, columns),
      2,
    );
    /** [batches, height, width] as [batches, groups, channels, 1, pixels]. */
    const asImage = (view: View, channels: number, pixels: number): View => ({
      ...view,
      shape: [batches, 1, view.shape[channels], 1, view.shape[pixels]],
      strides: [view.strides[0], 0, view.strides[channels], 0, view.strides[pixels]],
    });
    const resultView = (view: View): View => asImage(context.reshape(reshapable(context, view), [batches, rows, columns]), 2, 1);
    const bias = split.bias;
    const problem: ConvolutionProblem = {
      input: asImage(a, 2, 1),
      output: resultView(output),
      weights: { ...b, shape: [batches, 1, depth, columns], strides: [b.strides[0], 0, b.strides[1], b.strides[2]] },
      y: unit(1),
      x: unit(rows),
      bias: bias !== undefined,
      threads: context.threads,
      ...(split.expression && { epilogue: { expression: split.expression, inputs: extras.map(resultView) } }),
    };
    for (const { kernel, segment } of context.kernels(convolutionKernels, problem)) {
      const { weights, results } = segmentOperands(problem, segment);
      const padded = segment.blocks * segment.tile.lanes * segment.tile.vectors;
      const biases = bias && [
        context.constant({ bias: split.biasKey, columns, segment }, [padded], "f32", () => {
          const to = new Float32Array(padded);
          to.set(bias.subarray(segment.firstChannel, segment.firstChannel + segment.channels));
          return to;
        }),
      ];
      context.step(kernel, [problem.input, weights as View, ...(biases ?? []), ...results]);
    }
    finish();
  },
};

const matrixShape = (shape: readonly number[], transpose: boolean): number[] => {
  if (shape.length === 1) return [shape[0], 1];
  return transpose ? [...shape.slice(0, -2), shape[shape.length - 1], shape[shape.length - 2]] : [...shape];
};

/** The view, or a copy where broadcast dimensions cannot be merged. */
export function reshapable(context: LoweringContext, view: View): View {
  const needsCopy =
    view.strides.some((s, i) => s === 0 && view.shape[i] > 1) &&
    reshapeView(view, [view.shape.slice(0, -2).reduce((n, d) => n * d, 1), ...view.shape.slice(-2)]) === undefined;
  return needsCopy ? context.dense(view, plainOrder(view.shape.length)) : view;
}
