import { type Index, KernelBuilder } from "../../../kernel/builder.ts";
import type { Kernel, KernelBuffer, Register } from "../../../kernel/kernel.ts";
import type { KernelTarget } from "../../../kernel/target.ts";
import { problemKey } from "../../../lowering/problem-key.ts";
import { type View, viewSpan } from "../../../lowering/view.ts";
import { overOuter } from "./elementwise.ts";
import { tailLanes } from "./sliding-window.ts";

/** For each output position of one axis: the inputs it mixes and their weights. */
export interface ResamplingAxis {
  readonly output: number;
  readonly taps: number;
  /** [output][taps] */
  readonly indices: Int32Array;
  /** [output][taps]; absent for a single tap of weight 1. */
  readonly weights?: Float32Array;
}

/** What the kernel depends on: the tables' numbers are arguments. */
const withoutTables = ({ output, taps, weights }: ResamplingAxis) => ({ output, taps, weighted: weights !== undefined });

export interface ResamplingProblem {
  /** Views [batch, channels, height, width], channel stride 1. */
  readonly input: View;
  readonly output: View;
  readonly y: ResamplingAxis;
  readonly x: ResamplingAxis;
  readonly threads: number;
}

/**
 * Interpolation of feature maps by tables of taps, vectors along channels. Buffers: input, indices of y and of x, the
 * weights of those that have some, output.
 */
export function resamplingKernel(problem: ResamplingProblem, target: KernelTarget): Kernel {
  const { input, output, y, x, threads } = problem;
  const [batch, channels, height, width] = output.shape;
  const k = new KernelBuilder(`interpolate ${input.shape.join("x")} to ${height}x${width}`, target);
  const source = k.buffer("input", "f32", viewSpan(input), "read");
  const yIndices = k.buffer("y indices", "i32", y.output * y.taps, "read");
  const xIndices = k.buffer("x indices", "i32", x.output * x.taps, "read");
  const yWeights = y.weights && k.buffer("y weights", "f32", y.output * y.taps, "read");
  const xWeights = x.weights && k.buffer("x weights", "f32", x.output * x.taps, "read");
  const result = k.buffer("output", "f32", viewSpan(output), "write");
  const whole = Math.floor(channels / k.lanes);
  const rest = channels - whole * k.lanes;

  const weightOf = (buffer: KernelBuffer | undefined, at: Index, lanes: number): Register | undefined =>
    buffer && k.broadcast(buffer, at, lanes);
  const rows = [
    { count: batch, strides: [] },
    { count: height, strides: [] },
  ].filter((l) => l.count > 1);
  const tasks = overOuter(
    k,
    rows.length > 0 ? rows : [{ count: 1, strides: [] }],
    width * channels * y.taps * x.taps,
    threads,
    (indices) => {
      const oy = height > 1 ? indices[indices.length - 1] : k.task.mul(0);
      const n = batch > 1 ? indices[0] : k.task.mul(0);
      const yAt = k.each(y.taps, (t) => k.loadIndex(yIndices, oy.mul(y.taps).add(t), 0, input.shape[2] - 1));
      k.for(width, { name: "ox" }, (ox) => {
        const xAt = k.each(x.taps, (t) => k.loadIndex(xIndices, ox.mul(x.taps).add(t), 0, input.shape[3] - 1));
        const vector = (c: Index, lanes: number, count: number): void => {
          const base = n.mul(input.strides[0]).add(c.mul(input.strides[1]));
          let sum: Register | undefined;
          for (const [i, row] of yAt.entries()) {
            let rowSum: Register | undefined;
            for (const [j, column] of xAt.entries()) {
              const value = k.load(source, base.add(row.mul(input.strides[2])).add(column.mul(input.strides[3])), { lanes, count });
              const weight = weightOf(xWeights, ox.mul(x.taps).add(j), lanes);
              const part = weight ? k.mul(value, weight) : value;
              rowSum = rowSum && weight ? k.fma(value, weight, rowSum) : part;
            }
            const weight = weightOf(yWeights, oy.mul(y.taps).add(i), lanes);
            const row1 = rowSum as Register;
            sum = weight ? (sum ? k.fma(row1, weight, sum) : k.mul(row1, weight)) : row1;
          }
          k.store(
            result,
            n.mul(output.strides[0]).add(c.mul(output.strides[1])).add(oy.mul(output.strides[2])).add(ox.mul(output.strides[3])),
            sum as Register,
            { count },
          );
        };
        k.for(whole, { name: "c" }, (c) => vector(c.mul(k.lanes), k.lanes, k.lanes));
        if (rest > 0) vector(k.task.mul(0).add(whole * k.lanes), tailLanes(rest, k.lanes), rest);
      });
    },
  );
  return k.build({
    key: problemKey("resampling", { ...problem, y: withoutTables(y), x: withoutTables(x) }),
    tasks,
  });
}
