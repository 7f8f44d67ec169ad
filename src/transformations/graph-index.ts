import { invariant, VintnerError } from "../common/errors.ts";
import type { Consumer, Model } from "../model/model.ts";
import type { Node } from "../model/node.ts";
import type { Output } from "../model/output.ts";
import { type Dimension, isKnown } from "../tensor/dimension.ts";
import type { RewriteContext } from "./rewrite.ts";

const none: readonly Consumer[] = [];

/**
 * Who reads what in a model, kept up to date while nodes are replaced. Replacing costs what it touches, so that a run
 * over a graph stays linear. Nodes that nothing reads any more leave the index at once: dead code never lingers.
 */
export class GraphIndex implements RewriteContext {
  readonly #consumers = new Map<Output, Consumer[]>();
  readonly #live = new Set<Node>();
  readonly #names = new Set<string>();

  constructor(model: Model) {
    for (const node of model.nodes()) this.#add(node);
  }

  has(node: Node): boolean {
    return this.#live.has(node);
  }

  consumers(output: Output): readonly Consumer[] {
    return this.#consumers.get(output) ?? none;
  }

  isPrivate(output: Output): boolean {
    const list = this.consumers(output);
    return list.length === 1 && list[0].node.op.role !== "result";
  }

  /**
   * Puts `replacements` in the place of the node's outputs: consumers read them, tensor names move, the node's friendly
   * name goes to the replacement, what follows is inferred anew. Gives the added nodes, producers first; undefined where
   * the replacement would leave two of the model's outputs, or an input and an output, without names of their own.
   */
  replace(node: Node, replacements: readonly Output[]): readonly Node[] | undefined {
    invariant(replacements.length === node.outputs.length, `${node.outputs.length} outputs replaced by ${replacements.length}`);
    const pairs = node.outputs.map((from, i) => ({ from, to: replacements[i] })).filter(({ from, to }) => from !== to);
    for (const { from, to } of pairs) {
      if (this.#feedsResult(from) && this.has(to.node) && (to.node.op.role !== undefined || this.#feedsResult(to))) return undefined;
      assertCompatible(from, to);
    }
    const readers = pairs.map(({ from }) => [...this.consumers(from)]);
    const added = this.#addNew(replacements.map((r) => r.node));
    this.#rename(node, pairs, new Set(added));
    const stale: Node[] = [];
    for (const [i, { from, to }] of pairs.entries()) {
      for (const { node: reader, input } of readers[i]) {
        reader.setInput(input, to);
        this.#link(to, reader, input);
        this.#unlink(from, reader, input);
      }
      if (!sameKnowledge(from, to)) stale.push(...readers[i].map((r) => r.node));
      for (const name of from.names) to.names.add(name);
      from.names.clear();
    }
    for (const { to } of pairs) this.#removeDead(to.node);
    this.#removeDead(node);
    if (this.has(node) && pairs.length === node.outputs.length) node.friendlyName = this.#derivedName(node.friendlyName, node);
    this.#reinfer(stale);
    return added.filter((n) => this.has(n));
  }

  #feedsResult(output: Output): boolean {
    return this.consumers(output).some((c) => c.node.op.role === "result");
  }

  #add(node: Node): void {
    this.#live.add(node);
    this.#names.add(node.friendlyName);
    for (const [input, output] of node.inputs.entries()) this.#link(output, node, input);
  }

  #link(output: Output, node: Node, input: number): void {
    const list = this.#consumers.get(output);
    if (list) list.push({ node, input });
    else this.#consumers.set(output, [{ node, input }]);
  }

  #unlink(output: Output, node: Node, input: number): void {
    const list = this.#consumers.get(output);
    const at = list?.findIndex((c) => c.node === node && c.input === input) ?? -1;
    if (at >= 0) list?.splice(at, 1);
  }

  #addNew(roots: readonly Node[]): Node[] {
    const added: Node[] = [];
    const visit = (node: Node): void => {
      if (this.#live.has(node)) return;
      this.#live.add(node);
      for (const input of node.inputs) visit(input.node);
      this.#add(node);
      added.push(node);
    };
    for (const root of roots) visit(root);
    return added;
  }

  /** Users find a model's outputs by the producer's friendly name, so it must outlive the node. */
  #rename(node: Node, pairs: readonly { readonly from: Output; readonly to: Output }[], added: ReadonlySet<Node>): void {
    const name = node.friendlyName;
    const heir = pairs.find(({ to }) => added.has(to.node))?.to.node;
    for (const fresh of added) {
      this.#names.delete(fresh.friendlyName);
      fresh.friendlyName = fresh === heir ? name : this.#derivedName(name, fresh);
      if (fresh.op.role === undefined) for (const [key, value] of node.rtInfo) if (!fresh.rtInfo.has(key)) fresh.rtInfo.set(key, value);
    }
    for (const { from, to } of pairs)
      if (heir === undefined && this.#feedsResult(from) && to.node.outputs.length === 1) {
        this.#names.delete(to.node.friendlyName);
        to.node.friendlyName = name;
      }
    this.#names.add(name);
  }

  #derivedName(base: string, node: Node): string {
    const stem = `${base}/${node.type}`;
    let name = stem;
    for (let i = 1; this.#names.has(name); i++) name = `${stem}_${i}`;
    this.#names.add(name);
    return name;
  }

  #removeDead(first: Node): void {
    const stack = [first];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (!this.#live.has(node) || node.op.role === "parameter" || node.op.role === "result" || node.op.role === "sink") continue;
      if (node.outputs.some((o) => this.consumers(o).length > 0)) continue;
      this.#live.delete(node);
      for (const output of node.outputs) this.#consumers.delete(output);
      for (const [input, output] of node.inputs.entries()) {
        this.#unlink(output, node, input);
        stack.push(output.node);
      }
    }
  }

  #reinfer(start: readonly Node[]): void {
    const queue = new Set(start);
    for (const node of queue) {
      queue.delete(node);
      const before = node.outputs.map(({ elementType, partialShape, value }) => ({ elementType, partialShape, value }));
      node.reinfer();
      for (const [i, output] of node.outputs.entries())
        if (!sameKnowledge(before[i], output)) for (const c of this.consumers(output)) queue.add(c.node);
    }
  }
}

type Knowledge = Pick<Output, "elementType" | "partialShape" | "value">;

const sameEntry = (a: Dimension, b: Dimension): boolean =>
  isKnown(a) || isKnown(b) ? a === b : a.min === b.min && a.max === b.max && a.symbol === b.symbol;
const sameList = (a: readonly Dimension[] | undefined, b: readonly Dimension[] | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && a.length === b.length && a.every((d, i) => sameEntry(d, b[i])));
const sameKnowledge = (a: Knowledge, b: Knowledge): boolean =>
  a.elementType === b.elementType && sameList(a.partialShape.dimensions, b.partialShape.dimensions) && sameList(a.value, b.value);

function assertCompatible(from: Output, to: Output): void {
  if (from.elementType === to.elementType && from.partialShape.merge(to.partialShape) !== undefined) return;
  throw new VintnerError("INTERNAL", {
    what: "the replacement has another type or shape",
    where: from.node.where,
    expected: from.toString(),
    got: to.toString(),
  });
}
