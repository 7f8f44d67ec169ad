import { VintnerError } from "../../common/errors.ts";
import type { ConfigLine, KaldiComponent, KaldiNetwork } from "../../formats/kaldi/read-kaldi.ts";
import { type Descriptor, parseDescriptor, type Reading, readingsOf } from "./descriptor.ts";

/** A node of a network: what it reads, and how it computes. */
export type NetworkNode = { readonly name: string; readonly readings: readonly Reading[] } & (
  | { readonly kind: "input"; readonly dim: number }
  | { readonly kind: "component"; readonly descriptor: Descriptor; readonly component: KaldiComponent }
  | { readonly kind: "output"; readonly descriptor: Descriptor }
  | { readonly kind: "range"; readonly of: string; readonly offset: number; readonly dim: number }
);

/** The nodes of a network by name. nnet1 and nnet2 have one behind the other, between `input` and `output`. Throws INVALID_MODEL. */
export function networkGraph(network: KaldiNetwork, file: string): ReadonlyMap<string, NetworkNode> {
  return network.kind === "nnet3" ? graphOfLines(network.lines, network.components, file) : graphOfChain(network.components, file);
}

/** Components that splice frames by themselves: what they read is spelled out, and the rest is affine. */
function spliced(component: KaldiComponent, descriptor: Descriptor): Descriptor {
  const field = { TdnnComponent: "<TimeOffsets>", SpliceComponent: "<Context>", Splice: "" }[component.type];
  const offsets = field === undefined ? undefined : component.fields.get(field)?.find((v) => v.kind === "ints")?.ints;
  if (offsets === undefined) return descriptor;
  return { kind: "append", parts: offsets.map((frames) => ({ kind: "offset", of: descriptor, frames })) };
}

function graphOfLines(
  lines: readonly ConfigLine[],
  components: ReadonlyMap<string, KaldiComponent>,
  file: string,
): Map<string, NetworkNode> {
  const nodes = new Map<string, NetworkNode>();
  for (const line of lines) {
    const name = line.fields.get("name") ?? "";
    const where = `${line.kind} "${name}" (${file})`;
    const fail = (what: string, got?: string): never => {
      throw new VintnerError("INVALID_MODEL", { what, where, ...(got !== undefined && { got: JSON.stringify(got) }) });
    };
    const field = (key: string): string => line.fields.get(key) ?? fail(`the field ${key} is missing`);
    const int = (key: string, least: number): number => {
      const value = Number(field(key));
      return Number.isSafeInteger(value) && value >= least ? value : fail(`the field ${key} is no such number`, field(key));
    };
    if (nodes.has(name) || name === "") fail("a node without a name of its own", name);
    switch (line.kind) {
      case "input-node":
        nodes.set(name, { kind: "input", name, readings: [], dim: int("dim", 1) });
        break;
      case "component-node": {
        const component = components.get(field("component")) ?? fail("there is no such component", field("component"));
        const descriptor = spliced(component, parseDescriptor(field("input"), where));
        nodes.set(name, { kind: "component", name, readings: readingsOf(descriptor), descriptor, component });
        break;
      }
      case "output-node": {
        const descriptor = parseDescriptor(field("input"), where);
        nodes.set(name, { kind: "output", name, readings: readingsOf(descriptor), descriptor });
        break;
      }
      case "dim-range-node": {
        const of = field("input-node");
        nodes.set(name, {
          kind: "range",
          name,
          readings: [{ name: of, frames: 0, optional: false }],
          of,
          offset: int("dim-offset", 0),
          dim: int("dim", 1),
        });
        break;
      }
      default:
        // Lines of other kinds declare components, which follow in full.
        if (line.kind !== "component") fail("an unknown kind of line", line.kind);
    }
  }
  for (const { name, readings } of nodes.values())
    for (const reading of readings)
      if (!nodes.has(reading.name) || nodes.get(reading.name)?.kind === "output")
        throw new VintnerError("INVALID_MODEL", {
          what: "a node reads one that is not there",
          where: `node "${name}" (${file})`,
          got: JSON.stringify(reading.name),
        });
  return nodes;
}

function graphOfChain(components: readonly KaldiComponent[], file: string): Map<string, NetworkNode> {
  const nodes = new Map<string, NetworkNode>();
  nodes.set("input", { kind: "input", name: "input", readings: [], dim: inputDim(components, file) });
  let last = "input";
  for (const [i, component] of components.entries()) {
    const name = `${component.type}_${i}`;
    const descriptor = spliced(component, { kind: "node", name: last });
    nodes.set(name, { kind: "component", name, readings: readingsOf(descriptor), descriptor, component });
    last = name;
  }
  const descriptor: Descriptor = { kind: "node", name: last };
  nodes.set("output", { kind: "output", name: "output", readings: readingsOf(descriptor), descriptor });
  return nodes;
}

/** The numbers of a frame, as the first component says. */
function inputDim(components: readonly KaldiComponent[], file: string): number {
  const [first] = components;
  const number = (field: string, index = 0): number | undefined => {
    const value = first?.fields.get(field)?.[index];
    return value?.kind === "number" ? value.int : undefined;
  };
  const matrix = ["<LinearParams>", "<Params>"].flatMap((f) => first?.fields.get(f) ?? []).find((v) => v.kind === "matrix");
  // nnet1 has the outputs first, then the inputs.
  const dim = number("", 1) ?? number("<InputDim>") ?? number("<Dim>") ?? matrix?.matrix.columns;
  if (dim !== undefined && dim > 0) return dim;
  throw new VintnerError("INVALID_MODEL", {
    what: "nothing says how many numbers a frame of the input has",
    where: file,
    got: first?.type ?? "no components",
  });
}

/** Groups of nodes that read each other, and single nodes, those first that others read. */
export function nodeGroups(nodes: ReadonlyMap<string, NetworkNode>): string[][] {
  // Tarjan's algorithm, with a stack of its own: networks are long.
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const groups: string[][] = [];
  for (const root of nodes.keys()) {
    if (index.has(root)) continue;
    const work: { readonly name: string; next: number }[] = [{ name: root, next: 0 }];
    while (work.length > 0) {
      const frame = work[work.length - 1];
      const { name } = frame;
      if (frame.next === 0) {
        index.set(name, index.size);
        low.set(name, index.get(name) as number);
        stack.push(name);
        onStack.add(name);
      }
      const readings = (nodes.get(name) as NetworkNode).readings;
      if (frame.next < readings.length) {
        const other = readings[frame.next++].name;
        if (!index.has(other)) work.push({ name: other, next: 0 });
        else if (onStack.has(other)) low.set(name, Math.min(low.get(name) as number, index.get(other) as number));
        continue;
      }
      work.pop();
      const parent = work.at(-1);
      if (parent) low.set(parent.name, Math.min(low.get(parent.name) as number, low.get(name) as number));
      if (low.get(name) !== index.get(name)) continue;
      const group = stack.splice(stack.indexOf(name));
      for (const member of group) onStack.delete(member);
      groups.push(group);
    }
  }
  return groups;
}
