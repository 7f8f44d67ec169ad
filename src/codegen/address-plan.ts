import { invariant } from "../common/errors.ts";
import {
  type IndexDefinition,
  type IndexExpression,
  type IndexVariable,
  type Kernel,
  type KernelBuffer,
  memoryElementBytes,
  type Statement,
} from "../kernel/kernel.ts";

/**
 * Addresses as running pointers, shared by the code generators. All accesses of a buffer whose variable parts agree
 * go through one pointer and differ by constant displacements:
 *
 *     pointer = buffer + origin + sum of coefficient * variable      (bytes; over the variables in scope)
 *     address = pointer + displacement                               (displacement >= 0)
 *
 * A loop's variable counts here from 0 to its range: the begin of a loop is part of the coefficients of the variables
 * that begin is made of. A pointer takes coefficient * step more at each back edge of a loop, coefficient * value more
 * where an index variable is defined, and is given back its earlier value where the variable's scope ends. An access
 * outside of a loop and one inside share a pointer as long as they agree on the variables that both can see.
 */
export interface Pointer {
  readonly id: number;
  readonly buffer: KernelBuffer;
  /** Bytes from the buffer's start with all variables 0. May be negative, where an access in a border is never made. */
  readonly origin: number;
}

export interface Access {
  readonly pointer: Pointer;
  /** Bytes, not negative. */
  readonly displacement: number;
}

/** pointer += bytes * variable. */
export interface Advance {
  readonly pointer: Pointer;
  /** For one unit of the variable. */
  readonly bytes: number;
}

export type LoadStatement = Extract<Statement, { readonly kind: "load" }>;
export type StoreStatement = Extract<Statement, { readonly kind: "store" }>;
export type ForStatement = Extract<Statement, { readonly kind: "for" }>;
export type LoadDefinition = Extract<IndexDefinition, { readonly op: "load" }>;
export type GatherStatement = Extract<Statement, { readonly kind: "gather" }>;
export type Accessor = LoadStatement | StoreStatement | GatherStatement | LoadDefinition;

export interface AddressPlan {
  readonly pointers: readonly Pointer[];
  access(accessor: Accessor): Access;
  /** The pointers that a variable moves; none twice. */
  advances(variable: IndexVariable): readonly Advance[];
  /** Whether a variable's value is read other than in addresses: in bounds, conditions, index definitions. */
  isValueUsed(variable: IndexVariable): boolean;
  /** Pointers that the statements go through or move, inner ones included. */
  pointersOf(statements: readonly Statement[]): ReadonlySet<Pointer>;
}

/** The rounds of a loop, where known when the kernel is made. */
export function constantRounds({ begin, end, step }: ForStatement): number | undefined {
  const range = constantDifference(end, begin);
  return range === undefined ? undefined : Math.max(0, Math.ceil(range / step));
}

/** a - b, where their variables cancel. */
function constantDifference(a: IndexExpression, b: IndexExpression): number | undefined {
  return sameTerms(a.terms, b.terms) ? a.constant - b.constant : undefined;
}

/** Displacements are 32-bit signed on x86. */
const largestDisplacement = 2 ** 30;

function sameTerms(a: IndexExpression["terms"], b: IndexExpression["terms"]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i].variable !== b[i].variable || a[i].factor !== b[i].factor) return false;
  return true;
}

export function planAddresses(kernel: Kernel): AddressPlan {
  return new AddressPlanner().plan(kernel);
}

/** constant + sum of factor * variable, by the ids of variables that count from 0. */
interface Affine {
  readonly constant: number;
  readonly factors: ReadonlyMap<number, number>;
}

/** Expressions over variables that count from 0: the begin of a loop belongs to the variables that it is made of. */
class ZeroBasedIndices {
  readonly #begins = new Map<number, Affine>();

  addLoop({ variable, begin }: ForStatement): void {
    this.#begins.set(variable.id, this.normalize(begin));
  }

  normalize({ constant, terms }: IndexExpression): Affine {
    const factors = new Map<number, number>();
    const add = (variable: number, factor: number): void => {
      factors.set(variable, (factors.get(variable) ?? 0) + factor);
    };
    let sum = constant;
    for (const { variable, factor } of terms) {
      add(variable.id, factor);
      const begin = this.#begins.get(variable.id);
      if (begin === undefined) continue;
      sum += begin.constant * factor;
      for (const [id, f] of begin.factors) add(id, f * factor);
    }
    return { constant: sum, factors };
  }
}

/** A pointer while accesses join it. Offsets are in bytes. */
class PointerDraft {
  readonly id: number;
  readonly buffer: KernelBuffer;
  /** Bytes for one unit, for every variable that some access of the pointer can see. */
  readonly coefficients = new Map<number, number>();
  #least: number;
  #most: number;

  constructor(id: number, buffer: KernelBuffer, first: number) {
    this.id = id;
    this.buffer = buffer;
    this.#least = this.#most = first;
  }

  /** The lowest access, with all variables 0. */
  get origin(): number {
    return this.#least;
  }

  /** Whether an access at an offset can be reached from all others by a displacement. */
  holds(offset: number): boolean {
    return Math.max(this.#most, offset) - Math.min(this.#least, offset) < largestDisplacement;
  }

  /** On how many of the variables in scope it agrees with an access; undefined where on some not. */
  agreement(scope: readonly number[], coefficientOf: (variable: number) => number): number | undefined {
    let common = 0;
    for (const id of scope) {
      const coefficient = this.coefficients.get(id);
      if (coefficient === undefined) continue;
      if (coefficient !== coefficientOf(id)) return undefined;
      common++;
    }
    return common;
  }

  join(offset: number): void {
    this.#least = Math.min(this.#least, offset);
    this.#most = Math.max(this.#most, offset);
  }
}

/** Where an access lies: bytes from the buffer's start with all variables 0. */
interface Placed {
  readonly draft: PointerDraft;
  readonly offset: number;
}

/** A variable part that was met before in the same scope, and what the begins of its loops add to the constant. */
interface KnownTerms {
  readonly terms: IndexExpression["terms"];
  readonly added: number;
  readonly draft: PointerDraft;
}

/** Finds pointers for a kernel's accesses, in the order of its statements. */
class AddressPlanner {
  readonly #indices = new ZeroBasedIndices();
  readonly #drafts: PointerDraft[] = [];
  readonly #placed = new Map<Accessor, Placed>();
  readonly #valueUsed = new Set<number>();

  plan(kernel: Kernel): AddressPlan {
    this.#block(kernel.body, [kernel.task.id]);
    return new PointerPlan(this.#drafts, this.#placed, this.#valueUsed);
  }

  /** `outer`: the variables in scope, outermost first. */
  #block(statements: readonly Statement[], outer: readonly number[]): void {
    let scope = outer;
    // Accesses of one scope with equal variable parts need no search.
    let known = new Map<KernelBuffer, KnownTerms[]>();
    for (const s of statements)
      switch (s.kind) {
        case "for":
          this.#useValues(s.begin, s.end);
          this.#indices.addLoop(s);
          this.#block(s.body, [...scope, s.variable.id]);
          break;
        case "if":
          this.#useValues(s.nonNegative);
          this.#block(s.then, scope);
          this.#block(s.otherwise, scope);
          break;
        case "index":
          this.#definition(s.definition, scope, known);
          scope = [...scope, s.variable.id];
          known = new Map();
          break;
        case "load":
        case "store":
          this.#place(s, s.index, scope, known);
          break;
        case "gather":
          this.#place(s, s.base, scope, known);
          break;
        default:
      }
  }

  #definition(d: IndexDefinition, scope: readonly number[], known: Map<KernelBuffer, KnownTerms[]>): void {
    if (d.op === "load") this.#place(d, d.index, scope, known);
    else if ("b" in d) this.#useValues(d.a, d.b);
    else this.#useValues(d.a);
  }

  #useValues(...expressions: readonly IndexExpression[]): void {
    for (const { terms } of expressions) for (const { variable } of terms) this.#valueUsed.add(variable.id);
  }

  #place(accessor: Accessor, index: IndexExpression, scope: readonly number[], known: Map<KernelBuffer, KnownTerms[]>): void {
    const { buffer } = accessor;
    const unit = memoryElementBytes[buffer.element];
    let list = known.get(buffer);
    if (list === undefined) known.set(buffer, (list = []));
    let entry: KnownTerms | undefined;
    for (const k of list)
      if (sameTerms(k.terms, index.terms) && k.draft.holds((index.constant + k.added) * unit)) {
        entry = k;
        break;
      }
    if (entry === undefined) {
      const { constant, factors } = this.#indices.normalize(index);
      entry = { terms: index.terms, added: constant - index.constant, draft: this.#draftFor(buffer, constant * unit, factors, scope) };
      list.push(entry);
    }
    const offset = (index.constant + entry.added) * unit;
    entry.draft.join(offset);
    this.#placed.set(accessor, { draft: entry.draft, offset });
  }

  /** The pointer that agrees with an access on the most variables; without one that agrees on all common ones a new one. */
  #draftFor(buffer: KernelBuffer, offset: number, factors: ReadonlyMap<number, number>, scope: readonly number[]): PointerDraft {
    const unit = memoryElementBytes[buffer.element];
    const coefficientOf = (variable: number): number => (factors.get(variable) ?? 0) * unit;
    let best: PointerDraft | undefined;
    let mostCommon = -1;
    for (const draft of this.#drafts) {
      if (draft.buffer !== buffer || !draft.holds(offset)) continue;
      const common = draft.agreement(scope, coefficientOf);
      if (common !== undefined && common > mostCommon) [mostCommon, best] = [common, draft];
    }
    if (best === undefined) {
      best = new PointerDraft(this.#drafts.length, buffer, offset);
      this.#drafts.push(best);
    }
    for (const id of scope) best.coefficients.set(id, coefficientOf(id));
    return best;
  }
}

/** The finished pointers, and what moves them. */
class PointerPlan implements AddressPlan {
  readonly pointers: readonly Pointer[];
  readonly #placed: ReadonlyMap<Accessor, Placed>;
  readonly #valueUsed: ReadonlySet<number>;
  readonly #advances = new Map<number, Advance[]>();
  readonly #within = new Map<readonly Statement[], ReadonlySet<Pointer>>();

  constructor(drafts: readonly PointerDraft[], placed: ReadonlyMap<Accessor, Placed>, valueUsed: ReadonlySet<number>) {
    this.pointers = drafts.map(({ id, buffer, origin }) => ({ id, buffer, origin }));
    this.#placed = placed;
    this.#valueUsed = valueUsed;
    for (const { id, coefficients } of drafts)
      for (const [variable, bytes] of coefficients) {
        if (bytes === 0) continue;
        const list = this.#advances.get(variable) ?? [];
        list.push({ pointer: this.pointers[id], bytes });
        this.#advances.set(variable, list);
      }
  }

  access(accessor: Accessor): Access {
    const found = this.#placed.get(accessor);
    invariant(found !== undefined, "an access that is not part of the planned kernel");
    return { pointer: this.pointers[found.draft.id], displacement: found.offset - found.draft.origin };
  }

  advances({ id }: IndexVariable): readonly Advance[] {
    return this.#advances.get(id) ?? [];
  }

  isValueUsed({ id }: IndexVariable): boolean {
    return this.#valueUsed.has(id);
  }

  pointersOf(statements: readonly Statement[]): ReadonlySet<Pointer> {
    let used = this.#within.get(statements);
    if (used === undefined) this.#within.set(statements, (used = new Set(statements.flatMap((s) => this.#pointersOfOne(s)))));
    return used;
  }

  #pointersOfOne(s: Statement): Pointer[] {
    switch (s.kind) {
      case "for":
        return [...this.pointersOf(s.body)];
      case "if":
        return [...this.pointersOf(s.then), ...this.pointersOf(s.otherwise)];
      case "load":
      case "store":
      case "gather":
        return [this.access(s).pointer];
      case "index": {
        const moved = this.advances(s.variable).map((a) => a.pointer);
        return s.definition.op === "load" ? [this.access(s.definition).pointer, ...moved] : moved;
      }
      default:
        return [];
    }
  }
}
