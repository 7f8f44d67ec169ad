import { Index, type KernelBuilder } from "../../../kernel/builder.ts";
import type { ComputeOp, Register } from "../../../kernel/kernel.ts";
import type { KernelTarget } from "../../../kernel/target.ts";
import { loopNest, type NestLoop } from "../../../lowering/loop-nest.ts";
import type { View } from "../../../lowering/view.ts";
import { overOuter } from "./elementwise.ts";
import { tailLanes } from "./sliding-window.ts";

/**
 * The loops of an operation that combines elements along some axes. Vectors lie along a dimension that is kept
 * (channels of a channels-last map) or along the reduced one (rows of a matrix), whichever is contiguous.
 */
export interface ReductionNest {
  readonly kept: readonly NestLoop[];
  readonly reduced: readonly NestLoop[];
  readonly vector: "kept" | "reduced";
  readonly lanes: number;
}

/** `views` share one shape but along `axes`, where an output may have length 1 (its strides there are ignored). The view at `lead` orders the loops. */
export function reductionNest(views: readonly View[], axes: readonly number[], target: KernelTarget, lead: number): ReductionNest {
  const shape = views[lead].shape;
  const ordered = [views[lead], ...views.filter((_, i) => i !== lead)];
  const back = views.map((_, i) => (i === lead ? 0 : i < lead ? i + 1 : i));
  const nestOf = (dimensions: readonly number[]): NestLoop[] =>
    loopNest(ordered.map((v) => ({ shape: dimensions.map((d) => shape[d]), strides: dimensions.map((d) => v.strides[d]) }))).map(
      ({ count, strides }) => ({ count, strides: back.map((i) => strides[i]) }),
    );
  const kept = nestOf(shape.map((_, i) => i).filter((i) => !axes.includes(i)));
  const reduced = nestOf(axes);
  const contiguous = (loop: NestLoop): boolean => loop.strides[lead] === 1 && loop.strides.every((s) => s === 0 || s === 1);
  const inner = kept[kept.length - 1];
  if (inner.count > 1 && contiguous(inner))
    return {
      kept,
      reduced,
      vector: "kept",
      lanes: Math.min(target.lanes, inner.count >= target.lanes ? target.lanes : tailLanes(inner.count, target.lanes)),
    };
  const last = reduced[reduced.length - 1];
  if (contiguous(last) && last.count >= 4)
    return { kept, reduced, vector: "reduced", lanes: Math.min(target.lanes, 2 ** Math.floor(Math.log2(last.count))) };
  return { kept, reduced, vector: "reduced", lanes: 1 };
}

/** One row (or one vector of rows) during the passes over the reduced axes. */
export interface ReductionRow {
  readonly lanes: number;
  /** Rows in the vector; 1 where vectors lie along the reduced axes. */
  readonly keptCount: number;
  /** Element offset of the row's first element in operand `view`. */
  base(view: number): Index;
  /** Calls the pass for each vector along the reduced axes; `count` of its lanes exist. With `overlap` the last vector is moved back to be whole. */
  each(
    pass: (at: (view: number) => Index, count: number, accumulator: number) => void,
    options?: { readonly overlap?: boolean; readonly copies?: number },
  ): void;
  /** Combines several accumulators to one value in all lanes (of the row each lane belongs to). */
  combine(op: "add" | "max" | "min" | "mul", accumulators: readonly Register[]): Register;
}

const lanesOp: Readonly<Record<"add" | "max" | "min", ComputeOp>> = { add: "sumLanes", max: "maxLanes", min: "minLanes" };

/** Runs `body` for all rows, shared out as tasks. Returns the number of tasks. */
export function overRows(k: KernelBuilder, nest: ReductionNest, threads: number, body: (row: ReductionRow) => void): number {
  const { kept, reduced, lanes } = nest;
  const size = reduced.reduce((n, l) => n * l.count, 1);
  const offset = (loops: readonly NestLoop[], indices: readonly Index[], view: number): Index =>
    indices.reduce((sum, i, l) => sum.add(i.mul(loops[l].strides[view])), new Index(0));
  const rowAt = (indices: readonly Index[], width: number, keptCount: number): void => {
    const base = (view: number): Index => offset(kept, indices, view);
    const each: ReductionRow["each"] = (pass, { overlap = false, copies = 1 } = {}) => {
      const outer = reduced.slice(0, -1);
      const inner = reduced[reduced.length - 1];
      const step = nest.vector === "reduced" ? lanes : 1;
      const over = (outerIndices: readonly Index[], remaining: readonly NestLoop[]): void => {
        if (remaining.length > 0) return k.for(remaining[0].count, (i) => over([...outerIndices, i], remaining.slice(1)));
        const at =
          (i: Index) =>
          (view: number): Index =>
            base(view).add(offset(reduced, [...outerIndices, i], view));
        const count = nest.vector === "reduced" ? lanes : keptCount;
        const whole = Math.floor(inner.count / step);
        const rounds = Math.floor(whole / copies);
        const round = (i: Index): void => {
          for (let u = 0; u < copies; u++) pass(at(i.add(u).mul(step)), count, u);
        };
        if (rounds > 1) k.range(0, rounds * copies, { step: copies }, round);
        else if (rounds === 1) round(new Index(0));
        for (let i = rounds * copies; i < whole; i++) pass(at(new Index(i * step)), count, 0);
        const tail = inner.count - whole * step;
        if (tail > 0) pass(at(new Index(overlap ? inner.count - step : whole * step)), overlap ? count : tail, 0);
      };
      over([], outer);
    };
    const combine: ReductionRow["combine"] = (op, accumulators) => {
      const [first, ...rest] = accumulators;
      const sum = rest.reduce((a, b) => k.compute(op, [a, b]), first);
      return nest.vector === "kept" || width === 1 || op === "mul" ? sum : k.compute(lanesOp[op], [sum]);
    };
    body({ lanes: width, keptCount, base, each, combine });
  };
  if (nest.vector === "reduced") return overOuter(k, kept, size * 2, threads, (indices) => rowAt(indices, lanes, 1));
  const inner = kept[kept.length - 1];
  const outer = kept.slice(0, -1);
  const whole = Math.floor(inner.count / lanes);
  const tail = inner.count - whole * lanes;
  if (tail === 0)
    return overOuter(k, [...outer, { count: whole, strides: inner.strides }], size * lanes, threads, (indices) =>
      rowAt([...indices.slice(0, -1), indices[indices.length - 1].mul(lanes)], lanes, lanes),
    );
  const all = (indices: readonly Index[]): void => {
    k.for(whole, (i) => rowAt([...indices, i.mul(lanes)], lanes, lanes));
    rowAt([...indices, new Index(whole * lanes)], tailLanes(tail, lanes), tail);
  };
  if (outer.length > 0) return overOuter(k, outer, size * inner.count, threads, all);
  all([]);
  return 1;
}
