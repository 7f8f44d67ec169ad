import { plainOrder, reshapeView, type View } from "../../../lowering/view.ts";
import { columnsOf, integerProductKernels, isNarrow, packedIntegerLength, packIntegerWeights } from "../kernels/integer-product.ts";
import { blockChannels } from "../kernels/tile.ts";
import type { Lowering } from "../lowering.ts";
import { reshapable } from "./mat-mul.ts";

/** The products of bytes that the preparation found: all rows of all batches are rows of one product. */
export const integerMatMulLowering: Lowering = {
  types: ["IntegerMatMul"],
  accepts: (node) => [...node.inputs[0].shape, ...node.outputs[0].shape].every((d) => d > 0),
  takesEpilogue: (_, type) => type === "f32",
  lower(context, group) {
    const { anchor } = group;
    const [data, weights, scales] = anchor.inputs;
    const depth = data.shape[data.shape.length - 1];
    const columns = scales.shape[0];
    const rank = group.output.shape.length;
    const rows = group.output.shape.slice(0, -1).reduce((n, d) => n * d, 1);
    const asRows = (view: View): View => context.reshape(reshapable(context, view), [rows, columns]);
    const extras = context.epilogueInputs(group, rank - 1).map(asRows);
    const placed = context.allocateOutput(group.output, plainOrder(rank));
    context.define(group.output, placed);
    // Inside a concatenation rows may lie too far apart to be rows of one matrix.
    const output = reshapeView(placed, [rows, columns])
      ? placed
      : context.allocate(placed.shape, placed.element, plainOrder(rank), `${placed.block.name} rows`);
    const integers = weights.constant?.data as Int8Array;
    const strides = anchor.attributes["transpose_b"] === true ? ([1, depth] as const) : ([columns, 1] as const);
    const problem = {
      input: context.contiguousAlong(context.reshape(context.view(data), [rows, depth]), 1),
      output: reshapeView(output, [rows, columns]) as View,
      narrow: isNarrow(integers, depth, columns, strides),
      threads: context.threads,
      ...(group.expression && { epilogue: { expression: group.expression, inputs: extras } }),
    };
    const name = context.keyOf(weights);
    for (const { kernel, segment } of context.kernels(integerProductKernels, problem)) {
      const { firstChannel, channels } = segment;
      const length = packedIntegerLength(depth, segment);
      const packed = context.constant({ integers: name, strides, segment }, [length], "i8", () => {
        const to = new Int8Array(length);
        packIntegerWeights(to, segment, integers, depth, strides);
        return to;
      });
      const padded = segment.blocks * blockChannels(segment.tile);
      const factors = context.constant({ scales: context.keyOf(scales), segment }, [padded], "f32", () => {
        const to = new Float32Array(padded);
        to.set((context.floats(scales) as Float32Array).subarray(firstChannel, firstChannel + channels));
        return to;
      });
      /** Signed bytes count as 128 more: what that adds to the sums is taken away before. */
      const offsets = (): View =>
        context.constant({ offsets: name, strides, segment }, [padded], "i32", () => {
          const to = new Int32Array(padded);
          for (let c = 0; c < channels; c++)
            for (let d = 0; d < depth; d++) to[c] -= 128 * integers[d * strides[0] + (firstChannel + c) * strides[1]];
          return to;
        });
      const results = [problem.output, ...extras].map((view) => columnsOf(view, segment));
      context.step(kernel, [problem.input, packed, ...(problem.input.element === "i8" ? [offsets()] : []), factors, ...results]);
    }
    if (output !== placed) context.copy(output, placed);
  },
};
