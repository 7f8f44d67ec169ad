import { Index, KernelBuilder } from "../../../kernel/builder.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { KernelTarget } from "../../../kernel/target.ts";
import { loopNest } from "../../../lowering/loop-nest.ts";
import { problemKey } from "../../../lowering/problem-key.ts";
import { bitsOf, type View, viewSpan } from "../../../lowering/view.ts";
import { viewElementBytes } from "../../../lowering/view-element.ts";
import { input } from "../../../model/scalar-expression.ts";
import { elementwiseKernel, overOuter } from "./elementwise.ts";
import { viewBuffer } from "./element-access.ts";
import { transposingCopyKernel } from "./transposing-copy.ts";

/** A copy between views of one shape and type: bits are moved, whatever they mean. Buffers: input, output. */
export function copyKernel(from: View, to: View, threads: number, target: KernelTarget): Kernel {
  const [source, result] = [bitsOf(from), bitsOf(to)];
  return (
    transposingCopyKernel(source, result, threads, target) ??
    runCopyKernel(source, result, threads, target) ??
    elementwiseKernel({ expression: input(0), inputs: [source], output: result, threads }, target)
  );
}

/** Runs of bytes as vectors of words; undefined where elements are as wide as words, or runs are short. */
function runCopyKernel(from: View, to: View, threads: number, target: KernelTarget): Kernel | undefined {
  const loops = loopNest([to, from]);
  const inner = loops[loops.length - 1];
  const unit = viewElementBytes(from.element);
  if (unit === 4 || inner.strides.some((s) => s !== 1) || inner.count * unit < 16) return undefined;
  const lanes = Math.min(target.lanes, 2 ** Math.floor(Math.log2((inner.count * unit) / 4)));
  const step = (lanes * 4) / unit;
  const k = new KernelBuilder(`copy of bytes ${loops.map((l) => l.count).join("x")}`, target);
  const source = viewBuffer(k, "input", from, "read");
  const result = viewBuffer(k, "output", to, "write");
  const blocks = { count: Math.ceil(inner.count / step), strides: inner.strides.map(() => step) };
  const outer = loops.slice(0, -1);
  const tasks = overOuter(k, [...outer, blocks], lanes * 2, threads, (indices) => {
    const block = indices[indices.length - 1].mul(step);
    // The last vector overlaps the one before where the run does not divide.
    const at = inner.count % step === 0 ? block : k.minIndex(block, inner.count - step);
    const base = (view: 0 | 1): Index => outer.reduce((sum, l, i) => sum.add(indices[i].mul(l.strides[view])), at);
    k.store(result, base(0), k.load(source, base(1), { lanes, as: "i32" }), { as: "i32" });
  });
  return k.build({ key: problemKey("copy of bytes", { loops, unit, spans: [viewSpan(from), viewSpan(to)], threads }), tasks });
}
