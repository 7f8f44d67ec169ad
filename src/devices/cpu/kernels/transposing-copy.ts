import { Index, KernelBuilder } from "../../../kernel/builder.ts";
import type { Kernel, Register } from "../../../kernel/kernel.ts";
import type { KernelTarget } from "../../../kernel/target.ts";
import { loopNest } from "../../../lowering/loop-nest.ts";
import { problemKey } from "../../../lowering/problem-key.ts";
import { type View, viewSpan } from "../../../lowering/view.ts";
import { viewElementBytes } from "../../../lowering/view-element.ts";
import { overOuter } from "./elementwise.ts";
import { viewBuffer } from "./element-access.ts";

const lanes = 4;

/**
 * A copy of 32-bit elements between two layouts that are contiguous along different dimensions, in blocks of 4 by 4 that are transposed in
 * registers; undefined where the views are not of that kind. Buffers: input, output.
 */
export function transposingCopyKernel(from: View, to: View, threads: number, target: KernelTarget): Kernel | undefined {
  if (viewElementBytes(from.element) !== 4) return undefined;
  const loops = loopNest([to, from]);
  const a = loops.findIndex((l) => l.strides[0] === 1);
  const b = loops.findIndex((l) => l.strides[1] === 1);
  if (a < 0 || b < 0 || a === b || loops[a].count < lanes || loops[b].count < lanes) return undefined;
  const k = new KernelBuilder(`transposing copy ${loops.map((l) => l.count).join("x")}`, target);
  const source = viewBuffer(k, "input", from, "read");
  const result = viewBuffer(k, "output", to, "write");
  const [along, across] = [loops[a], loops[b]];
  const others = loops.filter((_, i) => i !== a && i !== b);
  const blocks = { count: Math.ceil(across.count / lanes), strides: across.strides };

  const blockAt = (toBase: Index, fromBase: Index, i: Index): void => {
    const rows = k.each(lanes, (r) => k.load(source, fromBase.add(i.add(r).mul(along.strides[1])), { lanes }));
    for (const [column, value] of transposed(k, rows).entries()) k.store(result, toBase.add(i).add(column * across.strides[0]), value);
  };
  const tasks = overOuter(k, [...others, blocks], along.count * lanes * 2, threads, (indices) => {
    const block = indices[indices.length - 1].mul(lanes);
    // The last block overlaps the one before where the dimension does not divide.
    const j = across.count % lanes === 0 ? block : k.minIndex(block, across.count - lanes);
    const base = (view: 0 | 1): Index =>
      others.reduce((sum, l, at) => sum.add(indices[at].mul(l.strides[view])), j.mul(across.strides[view]));
    const [toBase, fromBase] = [base(0), base(1)];
    k.for(Math.floor(along.count / lanes), (i) => blockAt(toBase, fromBase, i.mul(lanes)));
    if (along.count % lanes !== 0) blockAt(toBase, fromBase, new Index(along.count - lanes));
  });
  return k.build({
    key: problemKey("transposing copy", { element: from.element, loops, spans: [viewSpan(from), viewSpan(to)], threads }),
    tasks,
  });
}

/** Four rows of four as four columns. */
function transposed(k: KernelBuilder, [r0, r1, r2, r3]: readonly Register[]): Register[] {
  const [low01, high01, low23, high23] = [
    k.compute("unpackLow32", [r0, r1]),
    k.compute("unpackHigh32", [r0, r1]),
    k.compute("unpackLow32", [r2, r3]),
    k.compute("unpackHigh32", [r2, r3]),
  ];
  return [
    k.compute("unpackLow64", [low01, low23]),
    k.compute("unpackHigh64", [low01, low23]),
    k.compute("unpackLow64", [high01, high23]),
    k.compute("unpackHigh64", [high01, high23]),
  ];
}
