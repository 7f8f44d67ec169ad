import { copyNode } from "../model/clone.ts";
import { decomposition } from "../model/decomposition.ts";
import { Model } from "../model/model.ts";
import { knownValue, type Node } from "../model/node.ts";
import type { Output } from "../model/output.ts";
import { replaceOutput } from "../model/rewire.ts";
import { parameter } from "../ops/infrastructure/parameter.ts";
import { result } from "../ops/infrastructure/result.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { isKnown } from "../tensor/dimension.ts";

/** A tensor that the head gives to what comes behind it. */
export interface Border {
  readonly output: Output;
  /** Whether its elements are read outside of programs: by a break, or because they decide shapes. */
  readonly isRead: boolean;
  /** Whether they decide shapes. */
  readonly isValue: boolean;
}

/** What an input of the rest is. */
export type RestInput =
  | { readonly kind: "border"; readonly border: number; /** Its elements are taken for constants. */ readonly isValue: boolean }
  | { readonly kind: "break"; readonly node: number; readonly output: number };

/** What gives a result of the model: a result of the head or the rest, or an output of a break itself. */
export type ResultSource =
  | { readonly kind: "head"; readonly result: number }
  | { readonly kind: "rest"; readonly result: number }
  | { readonly kind: "break"; readonly node: number; readonly output: number };

/** An operation whose output's shape comes out only when it runs. */
export interface ShapeBreak {
  readonly node: Node;
  /** What it reads: a border, or a constant. */
  readonly inputs: readonly (number | Tensor)[];
}

/** A model cut where shapes begin to depend on data. */
export interface SplitModel {
  /**
   * All whose shapes are known and that does not depend on a break, on the model's own nodes and parameters. Its results are
   * those of the model that it gives, in their order, and then the borders.
   */
  readonly head: Model;
  /** What gives each of the model's results. */
  readonly results: readonly ResultSource[];
  readonly borders: readonly Border[];
  readonly breaks: readonly ShapeBreak[];
  /** The other results of the model, from parameters that `restInputs` describes: copies of the nodes. Absent where nothing is left. */
  readonly rest: Model | undefined;
  readonly restInputs: readonly RestInput[];
}

/**
 * Cuts a model of static input shapes behind which shapes depend on data; undefined where all shapes are known. Composite operations
 * that stand at the cut and have no evaluation of their own are replaced in the model by their parts.
 */
export function splitModel(model: Model): SplitModel | undefined {
  for (;;) {
    const division = divide(model);
    const { first } = division;
    if (first.length === 0) return undefined;
    const composite = first.find((node) => node.op.evaluate === undefined && node.op.decompose !== undefined);
    const parts = composite && decomposition(composite);
    if (composite === undefined || parts === undefined) return cut(model, division);
    for (const [i, output] of composite.outputs.entries()) replaceOutput(model, output, parts.outputs[i]);
  }
}

const isStatic = (node: Node): boolean => node.outputs.every((o) => o.partialShape.isStatic && o.elementType !== "dynamic");

/** Choices between bodies up to which what follows is compiled for what is chosen, the bodies in their nodes' places. */
const mostChoices = 3;

/** The condition of a node that may become one of its bodies once it is known. */
function choiceOf({ op, inputs, bodies }: Node): Output | undefined {
  const choice = op.choiceInput === undefined ? undefined : inputs[op.choiceInput];
  return choice === undefined || choice.constant !== undefined || bodies.some((body) => body.model.sinks.length > 0) ? undefined : choice;
}

interface Division {
  readonly known: ReadonlySet<Node>;
  readonly first: readonly Node[];
  /** Whether choices are waited for. */
  readonly waits: boolean;
}

/** The nodes that depend on no unknown shape, and those of unknown shapes that only depend on them. */
function divide(model: Model): Division {
  const known = new Set<Node>();
  const first: Node[] = [];
  const nodes = model.nodes();
  const waits = nodes.filter((node) => choiceOf(node) !== undefined).length <= mostChoices;
  for (const node of nodes) {
    if (!node.inputs.every((i) => known.has(i.node))) continue;
    if (isStatic(node) && !(waits && choiceOf(node) !== undefined)) known.add(node);
    else if (node.op.role !== "result") first.push(node);
  }
  return { known, first, waits };
}

/** Inputs of a node whose elements decide its shape, and would tell it if they were known; or which body it becomes. */
function openValues(node: Node, waits: boolean): readonly Output[] {
  const choice = waits ? choiceOf(node) : undefined;
  if (choice !== undefined) return [choice];
  if (node.op.positional === true) return [];
  const deciding = (node.op.shapeInputs ?? []).flatMap((i) => node.inputs[i] ?? []);
  return deciding.filter((o) => o.constant === undefined && !(knownValue(o)?.every(isKnown) ?? false));
}

function cut(model: Model, { known, first, waits }: Division): SplitModel {
  // Where a shape is decided by elements, the operation itself waits for them; the others run now.
  const breaking = first.filter((node) => openValues(node, waits).length === 0);
  const isBreak = new Set(breaking);
  const isPassedOn = (node: Node): boolean => node.op.role === "result" && isBreak.has(node.inputs[0].node);
  const behind = model.nodes().filter((node) => !known.has(node) && !isBreak.has(node) && !isPassedOn(node));
  const values = new Set(behind.flatMap((node) => openValues(node, waits)));

  const borders: { output: Output; isRead: boolean; isValue: boolean }[] = [];
  const borderOf = new Map<Output, number>();
  const border = (output: Output, isRead: boolean): number => {
    const index = borderOf.get(output) ?? borders.push({ output, isRead, isValue: values.has(output) }) - 1;
    borderOf.set(output, index);
    borders[index].isRead ||= isRead;
    return index;
  };
  const breaks = breaking.map((node) => ({ node, inputs: node.inputs.map((i) => i.constant ?? border(i, true)) }));

  const copies = new Map<Output, Output>();
  const restInputs: RestInput[] = [];
  const parameters: Node[] = [];
  const enter = (output: Output, from: RestInput): Output => {
    restInputs.push(from);
    const shape = new PartialShape(output.partialShape.dimensions);
    const node = parameter(output.elementType, shape, output.anyName, []);
    parameters.push(node);
    copies.set(output, node.outputs[0]);
    return node.outputs[0];
  };
  const inRest = (output: Output): Output => {
    const copy = copies.get(output);
    if (copy !== undefined) return copy;
    const { node } = output;
    if (node.constant !== undefined) return output;
    if (isBreak.has(node)) return enter(output, { kind: "break", node: breaking.indexOf(node), output: output.index });
    return enter(output, { kind: "border", border: border(output, values.has(output)), isValue: values.has(output) });
  };
  for (const node of behind) {
    const copy = copyNode(node, node.inputs.map(inRest));
    for (const [i, output] of node.outputs.entries()) copies.set(output, copy.outputs[i]);
  }
  const copyOf = (node: Node): Node => (copies.get(node.outputs[0]) as Output).node;

  const isHead = (node: Node): boolean => known.has(node);
  const breakOf = (r: Node): number => breaking.indexOf(r.inputs[0].node);
  const own = model.results.filter(isHead);
  const behindBreaks = model.results.filter((r) => !isHead(r) && breakOf(r) < 0);
  const sinks = model.sinks.filter((s) => !isHead(s));
  return {
    head: new Model({
      name: model.name,
      parameters: model.parameters,
      results: [...own, ...borders.map((b) => result(b.output, `border ${b.output.anyName}`))],
      sinks: model.sinks.filter(isHead),
    }),
    results: model.results.map((r) => {
      if (isHead(r)) return { kind: "head", result: own.indexOf(r) };
      const from = breakOf(r);
      return from < 0 ? { kind: "rest", result: behindBreaks.indexOf(r) } : { kind: "break", node: from, output: r.inputs[0].index };
    }),
    borders,
    breaks,
    rest:
      behindBreaks.length + sinks.length === 0
        ? undefined
        : new Model({ name: model.name, parameters, results: behindBreaks.map(copyOf), sinks: sinks.map(copyOf) }),
    restInputs,
  };
}
