import { VintnerError } from "../common/errors.ts";
import { forEachStatement, indicesOf } from "./for-each-statement.ts";
import type { IndexDefinition, IndexExpression, IndexVariable, Kernel, KernelBuffer, Statement } from "./kernel.ts";
import { printIndex } from "./print-kernel.ts";

/** Visits of loops, definitions and accesses that one attempt may take: a fraction of a second. */
const visitBudget = 3_000_000;

/**
 * Proves that every access of a kernel lies inside its buffer, whatever the data. Index variables are intervals; those on
 * which loop bounds, branches, minima and maxima depend take their values one by one where intervals do not suffice, and
 * if that is not enough either, so do all that any definition uses. Throws INTERNAL with the access that has no proof.
 */
export function proveBounds(kernel: Kernel): void {
  const program = accessTree(kernel.body);
  let failure: VintnerError | undefined;
  for (const enumerated of [new Set<number>(), boundVariables(kernel), definingVariables(kernel)]) {
    failure = new BoundsProof(kernel, enumerated).attempt(program);
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
/** Accesses of one block to one buffer whose indices differ by constants only: elements first <= e < end around the terms' sum. */
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
  const access = (buffer: KernelBuffer, { constant, terms }: IndexExpression, count: number): void => {
    const key = `${buffer.index}:${terms.map((t) => `${t.variable.id}*${t.factor}`).join("+")}`;
    const known = accesses.get(key);
    if (known) {
      known.first = Math.min(known.first, constant);
      known.end = Math.max(known.end, constant + count);
    } else {
      const node: Access = { kind: "access", buffer, terms, first: constant, end: constant + count };
      accesses.set(key, node);
      nodes.push(node);
    }
  };
  for (const s of statements)
    switch (s.kind) {
      case "for": {
        const body = accessTree(s.body);
        if (body.length > 0) nodes.push({ kind: "loop", variable: s.variable, begin: s.begin, end: s.end, step: s.step, body });
        break;
      }
      case "if": {
        const then = accessTree(s.then);
        const otherwise = accessTree(s.otherwise);
        if (then.length + otherwise.length > 0) nodes.push({ kind: "branch", index: s.nonNegative, then, otherwise });
        break;
      }
      case "index":
        if (s.definition.op === "load") access(s.definition.buffer, s.definition.index, 1);
        nodes.push({ kind: "definition", variable: s.variable, definition: s.definition });
        break;
      case "load":
        access(s.buffer, s.index, s.broadcast ? 1 : s.count);
        break;
      case "store":
        access(s.buffer, s.index, s.count);
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

class BoundsProof {
  readonly #kernel: Kernel;
  readonly #enumerated: ReadonlySet<number>;
  /** Least and greatest value of each variable here. */
  readonly #least: number[] = [];
  readonly #most: number[] = [];
  /** Variables in scope, for messages. */
  readonly #scope: IndexVariable[] = [];
  #budget = visitBudget;

  constructor(kernel: Kernel, enumerated: ReadonlySet<number>) {
    this.#kernel = kernel;
    this.#enumerated = enumerated;
  }

  /** The error of the first access without a proof; undefined where all are proven. */
  attempt(nodes: readonly AccessNode[]): VintnerError | undefined {
    const { tasks, task } = this.#kernel;
    return tasks === 0 ? undefined : this.#each(task, 0, tasks - 1, 1, () => this.#block(nodes, 0));
  }

  #block(nodes: readonly AccessNode[], from: number): VintnerError | undefined {
    for (let i = from; i < nodes.length; i++) {
      const node = nodes[i];
      if (this.#budget-- <= 0) return this.#error("bounds that take too long to prove", `a proof in ${visitBudget} steps`, "none");
      if (node.kind === "definition") {
        const range = this.#define(node.definition);
        // The rest of the block runs once for each value, or once for all.
        return Array.isArray(range) ? this.#each(node.variable, range[0], range[1], 1, () => this.#block(nodes, i + 1)) : range;
      }
      const failure = node.kind === "access" ? this.#access(node) : node.kind === "loop" ? this.#loop(node) : this.#branch(node);
      if (failure) return failure;
    }
    return undefined;
  }

  #loop({ variable, begin, end, step, body }: Loop): VintnerError | undefined {
    const first = this.#leastOf(begin);
    let last = this.#mostOf(end) - 1;
    if (this.#mostOf(begin) === first) last -= (last - first) % step;
    return last < first ? undefined : this.#each(variable, first, last, step, () => this.#block(body, 0));
  }

  #branch({ index, then, otherwise }: Branch): VintnerError | undefined {
    return (
      (this.#mostOf(index) >= 0 ? this.#block(then, 0) : undefined) ?? (this.#leastOf(index) < 0 ? this.#block(otherwise, 0) : undefined)
    );
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

  #define(d: IndexDefinition): [least: number, most: number] | VintnerError {
    switch (d.op) {
      case "divide":
      case "modulo": {
        const least = this.#leastOf(d.a);
        const most = this.#mostOf(d.a);
        if (least < 0) return this.#error(`the dividend ${printIndex(d.a)} may be negative`, "at least 0", `${least}`);
        if (d.op === "divide") return [Math.floor(least / d.by), Math.floor(most / d.by)];
        return Math.floor(least / d.by) === Math.floor(most / d.by) ? [least % d.by, most % d.by] : [0, d.by - 1];
      }
      case "min":
      case "max":
        return [Math[d.op](this.#leastOf(d.a), this.#leastOf(d.b)), Math[d.op](this.#mostOf(d.a), this.#mostOf(d.b))];
      case "load":
        return [d.least, d.most];
    }
  }

  #access({ buffer, terms, first, end }: Access): VintnerError | undefined {
    const least = this.#leastOf({ constant: first, terms });
    const most = this.#mostOf({ constant: end, terms });
    if (least >= 0 && most <= buffer.length) return undefined;
    const what = `access to buffer "${buffer.name}" at ${printIndex({ constant: least < 0 ? first : end - 1, terms })} may lie outside`;
    return this.#error(what, `elements in [0, ${buffer.length})`, `[${least}, ${most})`);
  }

  #leastOf({ constant, terms }: IndexExpression): number {
    let sum = constant;
    for (const { variable, factor } of terms) sum += factor * (factor > 0 ? this.#least : this.#most)[variable.id];
    return sum;
  }

  #mostOf({ constant, terms }: IndexExpression): number {
    let sum = constant;
    for (const { variable, factor } of terms) sum += factor * (factor > 0 ? this.#most : this.#least)[variable.id];
    return sum;
  }

  #error(what: string, expected: string, got: string): VintnerError {
    const values = this.#scope.map((v) => {
      const [least, most] = [this.#least[v.id], this.#most[v.id]];
      return least === most ? `${v.name} = ${least}` : `${v.name} in [${least}, ${most}]`;
    });
    const where = `kernel "${this.#kernel.name}"${values.length > 0 ? ` with ${values.join(", ")}` : ""}`;
    return new VintnerError("INTERNAL", { what, where, expected, got });
  }
}
