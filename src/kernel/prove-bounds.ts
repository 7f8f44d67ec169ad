import { VintnerError } from "../common/errors.ts";
import { forEachStatement, indicesOf } from "./for-each-statement.ts";
import {
  type IndexDefinition,
  type IndexExpression,
  type IndexVariable,
  type Kernel,
  type KernelBuffer,
  type MemoryElement,
  memoryElementBytes,
  type Statement,
} from "./kernel.ts";
import { printIndex } from "./print-kernel.ts";
import { SymbolicBounds } from "./symbolic-bounds.ts";

/** Visits of loops, definitions and accesses that one attempt may take: a few hundredths of a second. */
const visitBudget = 500_000;

/** Indices whose value the machine compares, divides or counts: 32 bits with a sign, which every backend has. */
const leastValue = -(2 ** 31);
const mostValue = 2 ** 31 - 1;

/** Sums of magnitudes up to here are exact as doubles, whatever their order, and far from what 64 bits hold. */
const largestMagnitude = 2 ** 52;

/**
 * Proves that every access of a kernel lies inside its buffer, whatever the data, by the arithmetic of the machines that
 * run it: values of loop bounds, branches and definitions lie within 32 bits, dividends are not negative, byte offsets are
 * exact. Index variables are intervals, and where those do not suffice, bounded by the expressions that define them (a loop's
 * counter by its end, a minimum by its operands). What is not proven so is tried with the values of variables one by one:
 * of those on which loop bounds, branches, minima and maxima depend, then of all that any definition uses. Throws UNSUPPORTED
 * with the access that has no proof.
 */
export function proveBounds(kernel: Kernel): void {
  const program = accessTree(kernel.body);
  let failure: VintnerError | undefined;
  for (const enumerated of [undefined, boundVariables, definingVariables]) {
    failure = new BoundsProof(kernel, enumerated?.(kernel)).attempt(program);
    if (!failure) return;
  }
  throw failure;
}

interface Loop {
  readonly kind: "loop";
  readonly variable: IndexVariable;
  readonly begin: IndexExpression;
  readonly end: IndexExpression;
  readonly step: number;
  readonly body: readonly AccessNode[];
}
interface Branch {
  readonly kind: "branch";
  readonly index: IndexExpression;
  readonly then: readonly AccessNode[];
  readonly otherwise: readonly AccessNode[];
}
interface Definition {
  readonly kind: "definition";
  readonly variable: IndexVariable;
  readonly definition: IndexDefinition;
}
/** Accesses of one block to one buffer whose indices differ by constants only: the bytes from `first` to before `end`, counted from the terms' sum. */
interface Access {
  readonly kind: "access";
  readonly buffer: KernelBuffer;
  readonly terms: IndexExpression["terms"];
  first: number;
  end: number;
}
type AccessNode = Loop | Branch | Definition | Access;

/** The parts of a block that matter for bounds. */
function accessTree(statements: readonly Statement[]): AccessNode[] {
  const nodes: AccessNode[] = [];
  const accesses = new Map<string, Access>();
  const access = (buffer: KernelBuffer, { constant, terms }: IndexExpression, element: MemoryElement, count: number): void => {
    const key = `${buffer.access === "scratch" ? "s" : ""}${buffer.index}:${terms.map((t) => `${t.variable.id}*${t.factor}`).join("+")}`;
    const first = constant * memoryElementBytes[buffer.element];
    const end = first + count * memoryElementBytes[element];
    const known = accesses.get(key);
    if (known) {
      known.first = Math.min(known.first, first);
      known.end = Math.max(known.end, end);
    } else {
      const node: Access = { kind: "access", buffer, terms, first, end };
      accesses.set(key, node);
      nodes.push(node);
    }
  };
  for (const s of statements)
    switch (s.kind) {
      case "for":
        nodes.push({ kind: "loop", variable: s.variable, begin: s.begin, end: s.end, step: s.step, body: accessTree(s.body) });
        break;
      case "if":
        nodes.push({ kind: "branch", index: s.nonNegative, then: accessTree(s.then), otherwise: accessTree(s.otherwise) });
        break;
      case "index":
        if (s.definition.op === "load") access(s.definition.buffer, s.definition.index, s.definition.element, 1);
        nodes.push({ kind: "definition", variable: s.variable, definition: s.definition });
        break;
      case "load":
        access(s.buffer, s.index, s.element, s.broadcast ? 1 : s.count);
        break;
      case "store":
        access(s.buffer, s.index, s.element, s.count);
        break;
      case "gather":
        access(s.buffer, s.base, s.element, 1);
        access(s.buffer, { constant: s.base.constant + s.most, terms: s.base.terms }, s.element, 1);
        break;
    }
  return nodes;
}

/** Variables in loop bounds, branches, minima and maxima. */
const boundVariables = (kernel: Kernel): Set<number> =>
  variablesOf(
    kernel,
    (s) => s.kind === "for" || s.kind === "if" || (s.kind === "index" && (s.definition.op === "min" || s.definition.op === "max")),
  );

/** Variables on which any other or any branch depends. */
const definingVariables = (kernel: Kernel): Set<number> =>
  variablesOf(kernel, (s) => s.kind === "for" || s.kind === "if" || s.kind === "index");

function variablesOf(kernel: Kernel, matters: (s: Statement) => boolean): Set<number> {
  const variables = new Set<number>();
  forEachStatement(kernel.body, (s) => {
    if (matters(s)) for (const index of indicesOf(s)) for (const t of index.terms) variables.add(t.variable.id);
  });
  return variables;
}

type Interval = readonly [least: number, most: number];
const isInterval = (range: Interval | VintnerError): range is Interval => Array.isArray(range);

class BoundsProof {
  readonly #kernel: Kernel;
  /** Variables whose values are taken one by one. */
  readonly #enumerated: ReadonlySet<number>;
  /** What bounds each variable, where none is enumerated. */
  readonly #symbols: SymbolicBounds | undefined;
  /** Least and greatest value of each variable here. */
  readonly #least: number[] = [];
  readonly #most: number[] = [];
  /** Variables in scope, for messages. */
  readonly #scope: IndexVariable[] = [];
  #budget = visitBudget;

  constructor(kernel: Kernel, enumerated: ReadonlySet<number> | undefined) {
    this.#kernel = kernel;
    this.#enumerated = enumerated ?? new Set();
    if (enumerated === undefined) this.#symbols = new SymbolicBounds(this.#least, this.#most);
  }

  /** The error of the first access without a proof; undefined where all are proven. */
  attempt(nodes: readonly AccessNode[]): VintnerError | undefined {
    const { tasks, task } = this.#kernel;
    if (tasks > mostValue) return this.#error("more tasks than an index counts", `at most ${mostValue}`, `${tasks}`);
    return tasks === 0 ? undefined : this.#each(task, 0, tasks - 1, 1, () => this.#block(nodes, 0));
  }

  #block(nodes: readonly AccessNode[], from: number): VintnerError | undefined {
    for (let i = from; i < nodes.length; i++) {
      const node = nodes[i];
      if (this.#budget-- <= 0) return this.#error("bounds that take too long to prove", `a proof in ${visitBudget} steps`, "none");
      if (node.kind === "definition") {
        const range = this.#define(node.definition);
        if (!isInterval(range)) return range;
        this.#symbols?.define(node.variable, node.definition);
        // The rest of the block runs once for each value, or once for all.
        return this.#each(node.variable, range[0], range[1], 1, () => this.#block(nodes, i + 1));
      }
      const failure = node.kind === "access" ? this.#access(node) : node.kind === "loop" ? this.#loop(node) : this.#branch(node);
      if (failure) return failure;
    }
    return undefined;
  }

  #loop({ variable, begin, end, step, body }: Loop): VintnerError | undefined {
    const first = this.#value(begin);
    const behind = this.#value(end);
    if (!isInterval(first)) return first;
    if (!isInterval(behind)) return behind;
    // The counter ends up to a step behind the end, and what is counted may be the difference.
    const [counted, negative] = [behind[1] - Math.min(0, first[0]) + step, behind[0] - Math.max(0, first[1])];
    if (counted > mostValue || negative < leastValue) return this.#tooLarge(end, [negative, counted]);
    let last = behind[1] - 1;
    if (first[1] === first[0]) last -= (last - first[0]) % step;
    this.#symbols?.count(variable, begin, end, step);
    return last < first[0] ? undefined : this.#each(variable, first[0], last, step, () => this.#block(body, 0));
  }

  #branch({ index, then, otherwise }: Branch): VintnerError | undefined {
    const value = this.#value(index);
    if (!isInterval(value)) return value;
    return (value[1] >= 0 ? this.#given(index, 1, then) : undefined) ?? (value[0] < 0 ? this.#given(index, -1, otherwise) : undefined);
  }

  /** A block that runs where an index is not negative (1), or where it is (-1). */
  #given({ constant, terms }: IndexExpression, sign: 1 | -1, nodes: readonly AccessNode[]): VintnerError | undefined {
    this.#symbols?.suppose(sign === 1 ? constant : -constant - 1, terms, sign);
    const failure = this.#block(nodes, 0);
    this.#symbols?.forget();
    return failure;
  }

  #each(
    variable: IndexVariable,
    least: number,
    most: number,
    step: number,
    body: () => VintnerError | undefined,
  ): VintnerError | undefined {
    this.#scope.push(variable);
    const { id } = variable;
    if (this.#enumerated.has(id))
      for (let value = least; value <= most; value += step) {
        this.#least[id] = this.#most[id] = value;
        const failure = body();
        if (failure) return failure;
      }
    else {
      this.#least[id] = least;
      this.#most[id] = most;
      const failure = body();
      if (failure) return failure;
    }
    this.#scope.pop();
    return undefined;
  }

  #define(d: IndexDefinition): Interval | VintnerError {
    if (d.op === "load")
      return d.least <= d.most
        ? this.#checked([d.least, d.most], { constant: d.most, terms: [] })
        : this.#error(`an index from buffer "${d.buffer.name}" that no value fits`, "a range", `[${d.least}, ${d.most}]`);
    const a = this.#value(d.a);
    if (!isInterval(a)) return a;
    const [least, most] = a;
    if (!("b" in d)) {
      if (least < 0 && this.#symbols?.isAtMost(-d.a.constant, d.a.terms, -1, 0) !== true)
        return this.#error(`the dividend ${printIndex(d.a)} may be negative`, "at least 0", `${least}`);
      if (!(d.by > 0 && d.by <= mostValue)) return this.#error(`a divisor of ${d.by}`, `at most ${mostValue}`, `${d.by}`);
      const from = Math.max(0, least);
      if (d.op === "divide") return [Math.floor(from / d.by), Math.floor(most / d.by)];
      return Math.floor(from / d.by) === Math.floor(most / d.by) ? [from % d.by, most % d.by] : [0, d.by - 1];
    }
    const b = this.#value(d.b);
    if (!isInterval(b)) return b;
    return [Math[d.op](least, b[0]), Math[d.op](most, b[1])];
  }

  /** The range of an index whose value is used other than in an address. */
  #value(index: IndexExpression): Interval | VintnerError {
    return this.#checked(this.#range(index.constant, index.constant, index.terms), index);
  }

  #checked(range: Interval, index: IndexExpression): Interval | VintnerError {
    // Written so that NaN fails.
    return range[0] >= leastValue && range[1] <= mostValue ? range : this.#tooLarge(index, range);
  }

  #access({ buffer, terms, first, end }: Access): VintnerError | undefined {
    const unit = memoryElementBytes[buffer.element];
    const [least, most] = this.#range(first, end, terms, unit);
    const size = buffer.length * unit;
    if (
      (least >= 0 || this.#symbols?.isAtMost(-first, terms, -unit, 0) === true) &&
      (most <= size || this.#symbols?.isAtMost(end, terms, unit, size) === true)
    )
      return undefined;
    const at = Math.floor((least < 0 ? first : end - 1) / unit);
    const what = `access to buffer "${buffer.name}" at ${printIndex({ constant: at, terms })} may lie outside`;
    return unit === 1
      ? this.#error(what, `bytes in [0, ${buffer.length})`, `[${least}, ${most})`)
      : this.#error(what, `elements in [0, ${buffer.length})`, `[${least / unit}, ${most / unit})`);
  }

  /** From the least to the most of two sums over the same terms; infinite where doubles might round. */
  #range(first: number, last: number, terms: IndexExpression["terms"], unit = 1): Interval {
    let [least, most] = [first, last];
    let magnitude = Math.max(Math.abs(first), Math.abs(last));
    for (const { variable, factor } of terms) {
      const [from, to] = [this.#least[variable.id], this.#most[variable.id]];
      const scaled = factor * unit;
      least += scaled * (factor > 0 ? from : to);
      most += scaled * (factor > 0 ? to : from);
      magnitude += Math.abs(scaled) * Math.max(1, Math.abs(from), Math.abs(to));
    }
    return magnitude <= largestMagnitude ? [least, most] : [-Infinity, Infinity];
  }

  #tooLarge(index: IndexExpression, [least, most]: Interval): VintnerError {
    return this.#error(`the index ${printIndex(index)} may not fit 32 bits`, `[${leastValue}, ${mostValue}]`, `[${least}, ${most}]`);
  }

  #error(what: string, expected: string, got: string): VintnerError {
    const values = this.#scope.map((v) => {
      const [least, most] = [this.#least[v.id], this.#most[v.id]];
      return least === most ? `${v.name} = ${least}` : `${v.name} in [${least}, ${most}]`;
    });
    const where = `kernel "${this.#kernel.name}"${values.length > 0 ? ` with ${values.join(", ")}` : ""}`;
    return new VintnerError("UNSUPPORTED", { what, where, expected, got });
  }
}
