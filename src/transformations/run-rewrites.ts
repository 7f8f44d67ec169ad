import { VintnerError } from "../common/errors.ts";
import type { Model } from "../model/model.ts";
import type { Node } from "../model/node.ts";
import { verifyModel } from "../model/verify.ts";
import { GraphIndex } from "./graph-index.ts";
import type { Rewrite } from "./rewrite.ts";

export interface RunOptions {
  /** Runs the model verifier after every replacement. For tests: it makes a run quadratic. */
  readonly verify?: boolean;
  /** Called after every replacement, for logs. */
  readonly onRewrite?: (rewrite: string, node: Node) => void;
}

/** Sweeps over the graph until nothing changes, at most this often. */
const maxSweeps = 32;
/** A rewrite that undoes another one never ends; no honest run needs as many replacements. */
const replacementsPerNode = 50;

/**
 * Applies rewrites to a model, in place: nodes in topological order, at each node the rewrites in their order, new
 * nodes at once, until a sweep changes nothing; then in the same way to each body. Gives how often each rewrite applied. Errors name
 * rewrite and node.
 */
export function runRewrites(model: Model, rewrites: readonly Rewrite[], options: RunOptions = {}): Map<string, number> {
  const counts = new Map<string, number>();
  rewriteGraph(model, rewrites, options, counts);
  let changedBodies = 0;
  for (const { bodies } of model.nodes())
    for (const { model: body } of bodies)
      for (const [name, count] of runRewrites(body, rewrites, options)) {
        counts.set(name, (counts.get(name) ?? 0) + count);
        changedBodies += count;
      }
  // What was folded inside may tell more of the outputs' shapes.
  if (changedBodies > 0) model.validate();
  return counts;
}

/** The same for one graph, without the bodies in it. */
function rewriteGraph(model: Model, rewrites: readonly Rewrite[], options: RunOptions, counts: Map<string, number>): void {
  const candidates = rewritesByType(rewrites);
  const index = new GraphIndex(model);
  let budget = 1000 + replacementsPerNode * model.nodes().length;

  const applyTo = (node: Node, rewrite: Rewrite): readonly Node[] | undefined => {
    try {
      const replacements = rewrite.apply(node, index);
      const added = replacements && index.replace(node, replacements);
      if (added === undefined) return undefined;
      if (options.verify) verifyModel(model);
      return added;
    } catch (error) {
      throw rewriteError(rewrite, node, error);
    }
  };

  const visit = (first: Node): number => {
    let changes = 0;
    const stack = [first];
    for (let node = stack.pop(); node !== undefined; node = stack.pop())
      for (const rewrite of candidates(node.type)) {
        if (!index.has(node)) break;
        const added = applyTo(node, rewrite);
        if (added === undefined) continue;
        changes++;
        counts.set(rewrite.name, (counts.get(rewrite.name) ?? 0) + 1);
        options.onRewrite?.(rewrite.name, node);
        if (--budget === 0) throw rewriteError(rewrite, node, new Error("the rewrites do not come to an end"));
        for (let i = added.length - 1; i >= 0; i--) stack.push(added[i]);
      }
    return changes;
  };

  for (let sweep = 0; sweep < maxSweeps; sweep++) {
    let changes = 0;
    for (const node of model.nodes()) changes += visit(node);
    if (changes === 0) break;
  }
}

function rewritesByType(rewrites: readonly Rewrite[]): (type: string) => readonly Rewrite[] {
  const cache = new Map<string, readonly Rewrite[]>();
  return (type) => {
    let list = cache.get(type);
    if (list === undefined) {
      list = rewrites.filter((r) => r.types === undefined || r.types.includes(type));
      cache.set(type, list);
    }
    return list;
  };
}

function rewriteError(rewrite: Rewrite, node: Node, cause: unknown): VintnerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new VintnerError(
    cause instanceof VintnerError ? cause.code : "INTERNAL",
    { what: `the rewrite "${rewrite.name}" failed: ${reason}`, where: node.where },
    { cause },
  );
}
