import type { TypedArray } from "../../tensor/element-type.ts";

/** Offset of a position that has no source. */
export const noSource = -1;

/**
 * Copies element by element where each axis has its own table: output position (p0, p1, ...) comes from the source element
 * at the sum of `tables[axis][p]`. Positions with `noSource` in a table are left as they are.
 */
export function copySeparable(tables: readonly Int32Array[], source: TypedArray, target: TypedArray): void {
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

/** A table of source positions (`noSource` where there is none) along an axis of this stride. */
export const offsetTable = (positions: readonly number[], stride: number): Int32Array =>
  Int32Array.from(positions, (p) => (p < 0 ? noSource : p * stride));
