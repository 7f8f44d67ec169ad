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

interface Affine {
  readonly constant: number;
  readonly factors: ReadonlyMap<number, number>;
}

interface PointerDraft {
  readonly id: number;
  readonly buffer: KernelBuffer;
  /** Bytes for one unit, for every variable that some access of the pointer can see. */
  readonly coefficients: Map<number, number>;
  least: number;
  most: number;
}

/** A variable part met before in the same scope, and what its begins of loops add to the constant. */
interface KnownTerms {
  readonly terms: IndexExpression["terms"];
  readonly offset: number;
  readonly draft: PointerDraft;
}

/** Displacements are 32-bit signed on x86. */
const largestDisplacement = 2 ** 30;

const fits = (draft: PointerDraft, at: number): boolean => Math.max(draft.most, at) - Math.min(draft.least, at) < largestDisplacement;

function sameTerms(a: IndexExpression["terms"], b: IndexExpression["terms"]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i].variable !== b[i].variable || a[i].factor !== b[i].factor) return false;
  return true;
}

export function planAddresses(kernel: Kernel): AddressPlan {
  const drafts: PointerDraft[] = [];
  const accesses = new Map<Accessor, { readonly draft: PointerDraft; readonly at: number }>();
  const valueUsed = new Set<number>();
  const begins = new Map<number, Affine>();

  const useValues = (...expressions: readonly IndexExpression[]): void => {
    for (const { terms } of expressions) for (const { variable } of terms) valueUsed.add(variable.id);
  };

  /** An expression over variables that count from 0. */
  const normalize = ({ constant, terms }: IndexExpression): Affine => {
    const factors = new Map<number, number>();
    let sum = constant;
    const add = (variable: number, factor: number): void => {
      factors.set(variable, (factors.get(variable) ?? 0) + factor);
    };
    for (const { variable, factor } of terms) {
      add(variable.id, factor);
      const begin = begins.get(variable.id);
      if (begin === undefined) continue;
      sum += begin.constant * factor;
      for (const [id, f] of begin.factors) add(id, f * factor);
    }
    return { constant: sum, factors };
  };

  /** The pointer that agrees with an access on the most variables; without one that agrees on all common ones a new one. */
  const findDraft = (
    buffer: KernelBuffer,
    at: number,
    bytes: number,
    factors: ReadonlyMap<number, number>,
    scope: readonly number[],
  ): PointerDraft => {
    let best: PointerDraft | undefined;
    let mostCommon = -1;
    for (const draft of drafts) {
      if (draft.buffer !== buffer || !fits(draft, at)) continue;
      let common = 0;
      const agrees = scope.every((id) => {
        const coefficient = draft.coefficients.get(id);
        if (coefficient !== undefined) common++;
        return coefficient === undefined || coefficient === (factors.get(id) ?? 0) * bytes;
      });
      if (agrees && common > mostCommon) [mostCommon, best] = [common, draft];
    }
    if (best === undefined) {
      best = { id: drafts.length, buffer, coefficients: new Map(), least: at, most: at };
      drafts.push(best);
    }
    for (const id of scope) best.coefficients.set(id, (factors.get(id) ?? 0) * bytes);
    return best;
  };

  const place = (accessor: Accessor, scope: readonly number[], known: Map<KernelBuffer, KnownTerms[]>): void => {
    const { buffer } = accessor;
    const index = "base" in accessor ? accessor.base : accessor.index;
    const bytes = memoryElementBytes[buffer.element];
    let list = known.get(buffer);
    if (list === undefined) known.set(buffer, (list = []));
    let entry: KnownTerms | undefined;
    for (const k of list)
      if (sameTerms(k.terms, index.terms) && fits(k.draft, (index.constant + k.offset) * bytes)) {
        entry = k;
        break;
      }
    if (entry === undefined) {
      const { constant, factors } = normalize(index);
      entry = { terms: index.terms, offset: constant - index.constant, draft: findDraft(buffer, constant * bytes, bytes, factors, scope) };
      list.push(entry);
    }
    const { draft } = entry;
    const at = (index.constant + entry.offset) * bytes;
    draft.least = Math.min(draft.least, at);
    draft.most = Math.max(draft.most, at);
    accesses.set(accessor, { draft, at });
  };

  const visit = (statements: readonly Statement[], outer: readonly number[]): void => {
    let scope = outer;
    // Accesses of one scope with equal variable parts need no search.
    let known = new Map<KernelBuffer, KnownTerms[]>();
    for (const s of statements)
      switch (s.kind) {
        case "for":
          useValues(s.begin, s.end);
          begins.set(s.variable.id, normalize(s.begin));
          visit(s.body, [...scope, s.variable.id]);
          break;
        case "if":
          useValues(s.nonNegative);
          visit(s.then, scope);
          visit(s.otherwise, scope);
          break;
        case "index":
          if (s.definition.op === "load") place(s.definition, scope, known);
          else if ("b" in s.definition) useValues(s.definition.a, s.definition.b);
          else useValues(s.definition.a);
          scope = [...scope, s.variable.id];
          known = new Map();
          break;
        case "load":
        case "store":
        case "gather":
          place(s, scope, known);
          break;
        default:
      }
  };
  visit(kernel.body, [kernel.task.id]);

  const pointers = drafts.map(({ id, buffer, least }): Pointer => ({ id, buffer, origin: least }));
  const advances = new Map<number, Advance[]>();
  for (const { id, coefficients } of drafts)
    for (const [variable, bytes] of coefficients) {
      if (bytes === 0) continue;
      const list = advances.get(variable) ?? [];
      list.push({ pointer: pointers[id], bytes });
      advances.set(variable, list);
    }
  const access = (accessor: Accessor): Access => {
    const found = accesses.get(accessor);
    invariant(found !== undefined, `kernel ${kernel.name}: an access that is not part of it`);
    return { pointer: pointers[found.draft.id], displacement: found.at - found.draft.least };
  };
  const within = new Map<readonly Statement[], ReadonlySet<Pointer>>();
  const pointersOf = (statements: readonly Statement[]): ReadonlySet<Pointer> => {
    const seen = within.get(statements);
    if (seen) return seen;
    const used = new Set<Pointer>();
    const useAll = (list: Iterable<Pointer>): void => {
      for (const p of list) used.add(p);
    };
    for (const s of statements)
      if (s.kind === "for") useAll(pointersOf(s.body));
      else if (s.kind === "if") {
        useAll(pointersOf(s.then));
        useAll(pointersOf(s.otherwise));
      } else if (s.kind === "load" || s.kind === "store" || s.kind === "gather") used.add(access(s).pointer);
      else if (s.kind === "index") {
        if (s.definition.op === "load") used.add(access(s.definition).pointer);
        useAll((advances.get(s.variable.id) ?? []).map((a) => a.pointer));
      }
    within.set(statements, used);
    return used;
  };
  return {
    pointers,
    access,
    advances: (variable) => advances.get(variable.id) ?? [],
    isValueUsed: (variable) => valueUsed.has(variable.id),
    pointersOf,
  };
}
