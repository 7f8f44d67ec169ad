import { allocateArray } from "../../tensor/allocate-array.ts";
import type { TypedArray } from "../../tensor/element-type.ts";

/** Offset of a position that has no source. */
export const noSource = -1;

/**
 * Copies element by element where each axis has its own table: output position (p0, p1, ...) comes from the source element
 * at the sum of `tables[axis][p]`. Positions with `noSource` in a table are left as they are.
 */
export function copySeparable(tables: readonly Float64Array[], source: TypedArray, target: TypedArray): void {
  const from = source as Float32Array;
  const to = target as Float32Array;
  const last = tables.length - 1;
  if (last < 0) {
    to[0] = from[0];
    return;
  }
  const sizes = tables.map((_, axis) => tables.slice(axis + 1).reduce((n, t) => n * t.length, 1));
  const visit = (axis: number, base: number, at: number): void => {
    const table = tables[axis];
    if (axis === last) {
      for (let p = 0; p < table.length; p++) if (table[p] >= 0) to[at + p] = from[base + table[p]];
      return;
    }
    for (let p = 0; p < table.length; p++) if (table[p] >= 0) visit(axis + 1, base + table[p], at + p * sizes[axis]);
  };
  visit(0, 0, 0);
}

/** The table of an axis: where each position comes from (`noSource` where from nowhere) along a source axis of this stride. */
export function offsetTable(length: number, stride: number, sourceOf: (position: number) => number): Float64Array {
  const table = allocateArray(Float64Array, length);
  for (let p = 0; p < length; p++) {
    const source = sourceOf(p);
    table[p] = source < 0 ? noSource : source * stride;
  }
  return table;
}
