import type { ComputeOp, Kernel, Register, Statement } from "../../kernel/kernel.ts";
import type { LoadStatement } from "../address-plan.ts";

/** What selection leaves out: loads that become memory operands, and assignments whose value is computed in place. */
export interface Folding {
  readonly loads: ReadonlySet<Statement>;
  readonly coalesced: ReadonlySet<Statement>;
  /** By the id of a register that is only assigned: the register that takes its place. */
  readonly targets: ReadonlyMap<number, Register>;
}

/** Operand positions that may be memory, the preferred first. Those of commutative operations are all of them. */
const memoryPositions: Readonly<Partial<Record<ComputeOp, readonly number[]>>> = {
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
};
const comparisons: ReadonlySet<ComputeOp> = new Set<ComputeOp>(["eq", "ne", "lt", "le", "gt", "ge"]);

function positions(op: ComputeOp, operands: readonly Register[]): readonly number[] {
  if (comparisons.has(op)) return operands[0].element === "f32" ? [1] : [];
  return memoryPositions[op] ?? [];
}

function canFold({ target, buffer, count, broadcast }: LoadStatement, avx512: boolean): boolean {
  if (target.mutable || (buffer.element !== "f32" && buffer.element !== "i32")) return false;
  if (broadcast || target.lanes === 1) return avx512;
  return target.lanes >= 4 && count >= target.lanes;
}

export function planFolding(kernel: Kernel, avx512: boolean): Folding {
  const uses = new Map<number, number>();
  const count = (r: Register): void => {
    uses.set(r.id, (uses.get(r.id) ?? 0) + 1);
  };
  const countAll = (statements: readonly Statement[]): void => {
    for (const s of statements)
      if (s.kind === "for") countAll(s.body);
      else if (s.kind === "if") {
        countAll(s.then);
        countAll(s.otherwise);
      } else if (s.kind === "compute") s.operands.forEach(count);
      else if (s.kind === "store" || s.kind === "assign") count(s.value);
  };
  countAll(kernel.body);

  const loads = new Set<Statement>();
  const coalesced = new Set<Statement>();
  const targets = new Map<number, Register>();
  const visit = (statements: readonly Statement[]): void => {
    /** Loads whose memory and pointer are still as they were. */
    let open = new Map<number, LoadStatement>();
    /** Positions in this block: where a register was defined, where a mutable one was last touched. */
    const definedAt = new Map<number, number>();
    const touchedAt = new Map<number, number>();
    let barrier = -1;
    for (const [at, s] of statements.entries())
      switch (s.kind) {
        case "for":
          visit(s.body);
          open = new Map();
          barrier = at;
          break;
        case "if":
          visit(s.then);
          visit(s.otherwise);
          open = new Map();
          barrier = at;
          break;
        case "index":
        case "store":
          open = new Map();
          if (s.kind === "store") touchedAt.set(s.value.id, at);
          break;
        case "load":
          if (canFold(s, avx512) && uses.get(s.target.id) === 1) open.set(s.target.id, s);
          if (!s.target.mutable) definedAt.set(s.target.id, at);
          touchedAt.set(s.target.id, at);
          break;
        case "compute": {
          const position = positions(s.op, s.operands).find((i) => open.has(s.operands[i].id));
          if (position !== undefined) loads.add(open.get(s.operands[position].id) as LoadStatement);
          for (const o of s.operands) touchedAt.set(o.id, at);
          touchedAt.set(s.target.id, at);
          if (!s.target.mutable && s.op !== "asF32" && s.op !== "asI32") definedAt.set(s.target.id, at);
          break;
        }
        case "assign": {
          const defined = definedAt.get(s.value.id) ?? -1;
          const untouched = defined > barrier && (touchedAt.get(s.target.id) ?? -1) < defined;
          if (untouched && uses.get(s.value.id) === 1 && !targets.has(s.value.id)) {
            targets.set(s.value.id, s.target);
            coalesced.add(s);
          }
          touchedAt.set(s.target.id, at);
          touchedAt.set(s.value.id, at);
          break;
        }
        default:
      }
  };
  visit(kernel.body);
  return { loads, coalesced, targets };
}
