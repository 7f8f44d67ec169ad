import type { ComputeOp, Kernel, Register, Statement } from "../../kernel/kernel.ts";
import { computeOperations } from "../../kernel/compute-operations.ts";
import { forEachStatement, registerSetBy, registersReadBy } from "../../kernel/for-each-statement.ts";
import type { LoadStatement } from "../address-plan.ts";

/** What selection leaves out: loads that become memory operands, and assignments whose value is computed in place. */
export interface Folding {
  /** By the id of a loaded register: whether its user reads the memory itself. */
  readonly loads: readonly boolean[];
  /** By the id of a register that is only assigned, once: the register that takes its place. */
  readonly targets: readonly (Register | undefined)[];
}

const none: readonly number[] = [];
/** Operand positions that may be memory, the preferred first. Those of commutative operations are all of them. */
const memoryPositions: Readonly<Record<ComputeOp, readonly number[]>> = {
  add: [1, 0],
  mul: [1, 0],
  sub: [1],
  div: [1],
  min: [1],
  max: [1],
  fma: [1, 0, 2],
  sqrt: [0],
  floor: [0],
  ceil: [0],
  round: [0],
  trunc: [0],
  and: [1, 0],
  or: [1, 0],
  xor: [1, 0],
  select: [1],
  toF32: [0],
  toI32: [0],
  eq: [1],
  ne: [1],
  lt: [1],
  le: [1],
  gt: [1],
  ge: [1],
  dotU8I8: [1],
  dotU8I8Narrow: [1],
  dotBf16: [1, 0],
  neg: none,
  abs: none,
  not: none,
  shiftLeft: none,
  shiftRight: none,
  shiftRightLogical: none,
  asF32: none,
  asI32: none,
  sumLanes: none,
  maxLanes: none,
  minLanes: none,
  broadcastLane: none,
  unpackLow32: none,
  unpackHigh32: none,
  unpackLow64: none,
  unpackHigh64: none,
  shuffleBytes: none,
};

/** Comparisons of integers exchange their operands on AVX2. */
const positions = (op: ComputeOp, operands: readonly Register[]): readonly number[] =>
  computeOperations[op].result === "mask" && operands[0].element === "i32" ? none : memoryPositions[op];

function canFold({ target, element, count, broadcast }: LoadStatement, avx512: boolean): boolean {
  if (target.mutable || (element !== "f32" && element !== "i32")) return false;
  if (broadcast || target.lanes === 1) return avx512;
  return target.lanes >= 4 && count >= target.lanes;
}

export function planFolding(kernel: Kernel, avx512: boolean): Folding {
  return new FoldingPlanner(countUses(kernel), avx512).plan(kernel);
}

/** How often each register is read, by its id. */
function countUses(kernel: Kernel): readonly number[] {
  const uses: number[] = [];
  const define = ({ id }: Register): void => {
    while (uses.length <= id) uses.push(0);
  };
  forEachStatement(kernel.body, (s) => {
    const target = registerSetBy(s);
    if (target !== undefined) define(target);
    for (const { id } of registersReadBy(s)) uses[id]++;
  });
  return uses;
}

class FoldingPlanner {
  readonly #uses: readonly number[];
  readonly #avx512: boolean;
  readonly #loads: boolean[];
  readonly #targets: (Register | undefined)[];
  // Statements are numbered in program order, from 1. By the id of a register:
  /** The load that could become an operand, and its number. */
  readonly #openedAt: Int32Array;
  /** Where an immutable register was defined. */
  readonly #definedAt: Int32Array;
  /** Where it was last read or written. */
  readonly #touchedAt: Int32Array;
  #at = 0;
  /** The last statement behind which memory or pointers may have changed. */
  #closedAt = 0;
  /** The last border of a block. */
  #border = 0;

  constructor(uses: readonly number[], avx512: boolean) {
    this.#uses = uses;
    this.#avx512 = avx512;
    this.#loads = uses.map(() => false);
    this.#targets = uses.map(() => undefined);
    this.#openedAt = new Int32Array(uses.length);
    this.#definedAt = new Int32Array(uses.length);
    this.#touchedAt = new Int32Array(uses.length);
  }

  plan(kernel: Kernel): Folding {
    this.#block(kernel.body);
    return { loads: this.#loads, targets: this.#targets };
  }

  #block(statements: readonly Statement[]): void {
    this.#border = this.#closedAt = this.#at;
    for (const s of statements) {
      this.#at++;
      this.#statement(s);
    }
    this.#border = this.#closedAt = this.#at;
  }

  #statement(s: Statement): void {
    switch (s.kind) {
      case "for":
        this.#block(s.body);
        break;
      case "if":
        this.#block(s.then);
        this.#block(s.otherwise);
        break;
      case "index":
        this.#closedAt = this.#at;
        break;
      case "store":
        this.#closedAt = this.#at;
        this.#touchedAt[s.value.id] = this.#at;
        break;
      case "load": {
        const { target } = s;
        if (this.#uses[target.id] === 1 && canFold(s, this.#avx512)) this.#openedAt[target.id] = this.#at;
        this.#define(target);
        break;
      }
      case "compute":
        this.#compute(s.op, s.target, s.operands);
        break;
      case "assign":
        this.#assign(s.target, s.value);
        break;
      default:
    }
  }

  #define(target: Register): void {
    if (!target.mutable) this.#definedAt[target.id] = this.#at;
    this.#touchedAt[target.id] = this.#at;
  }

  #compute(op: ComputeOp, target: Register, operands: readonly Register[]): void {
    for (const position of positions(op, operands)) {
      const { id } = operands[position];
      if (this.#openedAt[id] <= this.#closedAt) continue;
      this.#loads[id] = true;
      break;
    }
    for (const { id } of operands) this.#touchedAt[id] = this.#at;
    if (op === "asF32" || op === "asI32") this.#touchedAt[target.id] = this.#at;
    else this.#define(target);
  }

  /** A value that is made for one assignment is made in the assigned register, if that is not needed any more by then. */
  #assign(target: Register, value: Register): void {
    const defined = this.#definedAt[value.id];
    if (defined > this.#border && this.#touchedAt[target.id] < defined && this.#uses[value.id] === 1) this.#targets[value.id] ??= target;
    this.#touchedAt[target.id] = this.#at;
    this.#touchedAt[value.id] = this.#at;
  }
}
