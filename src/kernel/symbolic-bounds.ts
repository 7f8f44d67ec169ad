import type { IndexDefinition, IndexExpression, IndexVariable } from "./kernel.ts";

/** constant + sum of factors, by the ids of variables. */
interface Sum {
  readonly constant: number;
  readonly factors: ReadonlyMap<number, number>;
}

/** A variable's limit: the variable times `scale` is at most (or at least) an expression of earlier variables. */
interface Limit {
  readonly expression: IndexExpression;
  readonly plus: number;
  /** Only multiples of a divisor have such limits: by * (a / by) <= a. */
  readonly scale: number;
}

interface Variable {
  readonly upper: Limit[];
  readonly lower: Limit[];
  /** A minimum or maximum is one of its operands: what holds for each of them holds for it. */
  readonly cases: Limit[];
  /** Later variables are replaced first. */
  readonly rank: number;
}

/** Substitutions that one question may take. */
const stepBudget = 2000;
/** Sums of magnitudes up to here are exact as doubles. */
const largestMagnitude = 2 ** 52;

/**
 * Bounds of sums of index variables that intervals do not show, because the variables depend on each other: the last row of
 * a chunk, `row = 3 * chunk + r` with r < min(7 - 3 * chunk, 3), is below 7. A sum is bounded by replacing its variables,
 * the latest first, by what bounds them, or by the ends of their intervals, and by adding what a branch supposes.
 */
export class SymbolicBounds {
  readonly #least: readonly number[];
  readonly #most: readonly number[];
  readonly #variables = new Map<number, Variable>();
  readonly #suppositions: Sum[] = [];
  #steps = 0;
  #rank = 0;

  /** The intervals of the variables by their ids, as they are at the time of a question. */
  constructor(least: readonly number[], most: readonly number[]) {
    this.#least = least;
    this.#most = most;
  }

  /** A loop's counter: from `begin` to below `end`. */
  count(variable: IndexVariable, begin: IndexExpression, end: IndexExpression, step: number): void {
    const { upper, lower } = this.#new(variable);
    lower.push({ expression: begin, plus: 0, scale: 1 });
    const rounds = begin.terms.length === end.terms.length ? difference(end, begin) : undefined;
    if (rounds === undefined) upper.push({ expression: end, plus: -1, scale: 1 });
    else upper.push({ expression: begin, plus: Math.floor((rounds - 1) / step) * step, scale: 1 });
  }

  define(variable: IndexVariable, d: IndexDefinition): void {
    const { upper, lower, cases } = this.#new(variable);
    switch (d.op) {
      case "min":
      case "max":
        cases.push({ expression: d.a, plus: 0, scale: 1 }, { expression: d.b, plus: 0, scale: 1 });
        (d.op === "min" ? upper : lower).push(...cases);
        break;
      case "divide":
        upper.push({ expression: d.a, plus: 0, scale: d.by });
        lower.push({ expression: d.a, plus: 1 - d.by, scale: d.by });
        break;
      case "modulo":
        upper.push({ expression: d.a, plus: 0, scale: 1 });
        break;
      case "load":
    }
  }

  /** From here to `forget`: constant + sign * terms >= 0. */
  suppose(constant: number, terms: IndexExpression["terms"], sign: 1 | -1): void {
    this.#suppositions.push({ constant, factors: new Map(terms.map((t) => [t.variable.id, t.factor * sign])) });
  }
  forget(): void {
    this.#suppositions.pop();
  }

  /** Whether constant + unit * terms can be shown to be at most a number. */
  isAtMost(constant: number, terms: IndexExpression["terms"], unit: number, most: number): boolean {
    this.#steps = stepBudget;
    return this.#isAtMost({ constant, factors: new Map(terms.map((t) => [t.variable.id, t.factor * unit])) }, most);
  }

  #new(variable: IndexVariable): Variable {
    const made = { upper: [], lower: [], cases: [], rank: this.#rank++ };
    this.#variables.set(variable.id, made);
    return made;
  }

  #isAtMost(sum: Sum, most: number): boolean {
    if (this.#steps-- <= 0) return false;
    if (this.#mostOf(sum) <= most) return true;
    let latest: number | undefined;
    let rank = -1;
    for (const id of sum.factors.keys()) {
      const found = this.#variables.get(id);
      if (found !== undefined && found.rank > rank) [latest, rank] = [id, found.rank];
    }
    if (latest === undefined) return false;
    const factor = sum.factors.get(latest) as number;
    const { upper, lower, cases } = this.#variables.get(latest) as Variable;
    const holds = ({ expression, plus, scale }: Limit): boolean => {
      const times = factor / scale;
      return Number.isInteger(times) && this.#isAtMost(without(sum, latest, expression, plus, times), most);
    };
    const any = factor > 0 ? upper : lower;
    if (any.some(holds) || (any.length === 0 && cases.length > 0 && cases.every(holds))) return true;
    for (const supposition of this.#suppositions) {
      const times = -factor / (supposition.factors.get(latest) ?? 0);
      if (Number.isInteger(times) && times > 0 && this.#isAtMost(added(sum, supposition, times), most)) return true;
    }
    const end = (factor > 0 ? this.#most : this.#least)[latest];
    return this.#isAtMost(without(sum, latest, { constant: end, terms: [] }, 0, factor), most);
  }

  /** By intervals; infinite where doubles might round. */
  #mostOf({ constant, factors }: Sum): number {
    let sum = constant;
    let magnitude = Math.abs(constant);
    for (const [id, factor] of factors) {
      const [least, most] = [this.#least[id], this.#most[id]];
      sum += factor * (factor > 0 ? most : least);
      magnitude += Math.abs(factor) * Math.max(1, Math.abs(least), Math.abs(most));
    }
    return magnitude <= largestMagnitude ? sum : Infinity;
  }
}

/** a - b, where the variables cancel. */
function difference(a: IndexExpression, b: IndexExpression): number | undefined {
  const same = a.terms.every((t, i) => t.variable === b.terms[i].variable && t.factor === b.terms[i].factor);
  return same ? a.constant - b.constant : undefined;
}

/** The sum with a variable replaced: `times` is its factor, by the scale of what takes its place. */
function without({ constant, factors }: Sum, variable: number, expression: IndexExpression, plus: number, times: number): Sum {
  const rest = new Map(factors);
  rest.delete(variable);
  const more = new Map(expression.terms.map((t) => [t.variable.id, t.factor]));
  return added({ constant, factors: rest }, { constant: expression.constant + plus, factors: more }, times);
}

/** A sum whose numbers might be rounded is NaN, of which nothing can be shown. */
function added({ constant, factors }: Sum, other: Sum, times: number): Sum {
  const sums = new Map(factors);
  let total = constant + other.constant * times;
  let largest = Math.max(Math.abs(constant), Math.abs(other.constant * times), Math.abs(other.constant));
  for (const [id, factor] of other.factors) {
    const before = sums.get(id) ?? 0;
    largest = Math.max(largest, Math.abs(before), Math.abs(factor * times));
    if (before + factor * times === 0) sums.delete(id);
    else sums.set(id, before + factor * times);
  }
  if (!(largest <= largestMagnitude)) total = NaN;
  return { constant: total, factors: sums };
}
