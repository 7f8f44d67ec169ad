import { type Index, KernelBuilder } from "../../../kernel/builder.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { KernelTarget } from "../../../kernel/target.ts";
import { problemKey } from "../../../lowering/problem-key.ts";

/** c = a * b for bytes: a [rows][depth] of u8, b [depth][columns] of i8, c [rows][columns padded to whole blocks] of i32, exact. */
export interface IntegerMatMulProblem {
  readonly rows: number;
  /** A multiple of 4: what one dot product sums. */
  readonly depth: number;
  readonly columns: number;
  /** No two neighbouring products of a quad leave 16 bits, as where the weights lie within [-64, 64]: see `dotU8I8Narrow`. */
  readonly narrow: boolean;
}

/** A tile of c in registers, and the columns of a block. */
interface IntegerTile {
  readonly rows: number;
  readonly vectors: number;
  readonly block: number;
}

/** As many rows as registers hold, beside a row of b, a quad of a, and what a sequence of instructions needs for itself. */
export function integerTile({ rows, columns }: IntegerMatMulProblem, target: KernelTarget): IntegerTile {
  const vectors = Math.min(target.vectorRegisters >= 32 ? 4 : 2, Math.ceil(columns / target.lanes));
  const free = target.vectorRegisters - target.reservedRegisters - vectors - (target.dotU8I8 === "native" ? 1 : 3);
  return { rows: Math.min(rows, Math.max(1, Math.floor(free / vectors))), vectors, block: vectors * target.lanes };
}

/** b in the order of use: [block][quad of depth][column of the block][4 bytes], zero where the last block has no columns. */
export function packIntegerMatrix(problem: IntegerMatMulProblem, target: KernelTarget, b: Int8Array): Int8Array {
  const { depth, columns } = problem;
  const { block } = integerTile(problem, target);
  const packed = new Int8Array(Math.ceil(columns / block) * block * depth);
  for (let k = 0; k < depth; k++)
    for (let n = 0; n < columns; n++) {
      const first = Math.floor(n / block) * block * depth;
      packed[first + ((k >> 2) * block + (n % block)) * 4 + (k & 3)] = b[k * columns + n];
    }
  return packed;
}

/** Buffers: a, packed b, c. */
export function integerMatMulKernel(problem: IntegerMatMulProblem, target: KernelTarget): Kernel {
  const { rows, depth, columns, narrow } = problem;
  const { rows: tileRows, vectors, block } = integerTile(problem, target);
  const k = new KernelBuilder(`integer matrix product ${rows}x${depth}x${columns}`, target);
  const { lanes } = k;
  const blocks = Math.ceil(columns / block);
  const quads = depth / 4;
  const a = k.buffer("a", "u8", rows * depth, "read");
  const b = k.buffer("b", "i8", blocks * block * depth, "read");
  const c = k.buffer("c", "i32", rows * blocks * block, "write");
  const tiles = Math.ceil(rows / tileRows);
  const [tile, part] = k.splitTask(tiles, blocks);
  const zero = k.constant(0, { element: "i32" });

  const tileAt = (first: Index, count: number): void => {
    const sums = k.accumulators(count, vectors, () => zero);
    k.for(quads, { name: "k", unroll: quads % 2 === 0 ? 2 : 1 }, (q) => {
      const weightAt = part.mul(block * depth).add(q.mul(block * 4));
      const weights = k.each(vectors, (v) => k.load(b, weightAt.add(v * lanes * 4), { as: "i32" }));
      for (const [m, row] of sums.entries()) {
        const bytes = k.broadcast(a, first.add(m).mul(depth).add(q.mul(4)), lanes, { as: "i32" });
        for (const [v, sum] of row.entries()) k.update(sum, narrow ? "dotU8I8Narrow" : "dotU8I8", bytes, weights[v], sum);
      }
    });
    for (const [m, row] of sums.entries())
      for (const [v, sum] of row.entries())
        k.store(
          c,
          first
            .add(m)
            .mul(blocks)
            .add(part)
            .mul(block)
            .add(v * lanes),
          sum,
        );
  };
  const rest = rows - (tiles - 1) * tileRows;
  const first = tile.mul(tileRows);
  if (rest === tileRows) tileAt(first, tileRows);
  else
    k.ifNonNegative(
      tile.add(1 - tiles),
      () => tileAt(first, rest),
      () => tileAt(first, tileRows),
    );
  return k.build({ key: problemKey("integer matrix product", problem), tasks: tiles * blocks, flops: 2 * rows * depth * columns });
}
