import { bodiesWithin } from "./body.ts";
import type { Model } from "./model.ts";
import type { Node } from "./node.ts";
import type { Output } from "./output.ts";

/** Gives names that are taken a number, as OpenVINO does: `conv1_1`, the first one that is free. */
class Names<Owner> {
  readonly #owners = new Map<string, Owner>();
  /** The last number given to a name, so that many equal ones do not each search from 1. */
  readonly #numbers = new Map<string, number>();

  /** The name itself, or one that is free. `numbered` says where the number stands. */
  claim(name: string, owner: Owner, numbered: (name: string, number: number) => string): string {
    let free = name;
    for (let number = this.#numbers.get(name) ?? 0; this.#isTaken(free, owner);) {
      free = numbered(name, ++number);
      this.#numbers.set(name, number);
    }
    this.#owners.set(free, owner);
    return free;
  }

  #isTaken(name: string, owner: Owner): boolean {
    return this.#owners.has(name) && this.#owners.get(name) !== owner;
  }
}

/** Makes the friendly names of a model's nodes unique: parameters first, then all others in topological order. Each body is a scope of its own. */
export function uniqueFriendlyNames(model: Model): void {
  for (const scope of [model, ...bodiesWithin(model)]) nameNodes(scope);
}

function nameNodes(model: Model): void {
  const names = new Names<Node>();
  for (const node of model.nodes()) node.friendlyName = names.claim(node.friendlyName, node, (name, number) => `${name}_${number}`);
}

/** TensorFlow's port numbers stay at the end of a name. */
const numberedTensor = (name: string, number: number): string => name.replace(/(?=:\d+$)|$/, `_${number}`);

/**
 * Makes the tensor names of a model unique, which they are not in IRs of Caffe's in-place layers. The model's inputs and outputs
 * come first and so keep theirs, then all others in topological order. Each body is a scope of its own.
 */
export function uniqueTensorNames(model: Model): void {
  for (const scope of [model, ...bodiesWithin(model)]) nameTensors(scope);
}

function nameTensors(model: Model): void {
  const names = new Names<Output>();
  const readers = new Map<Output, Output[]>(model.results.map((r) => [r.inputs[0], []]));
  for (const r of model.results) readers.get(r.inputs[0])?.push(r.outputs[0]);
  const inner = model.nodes().flatMap((node) => (node.op.role === "result" ? [] : node.outputs));
  for (const output of new Set([...model.inputs, ...readers.keys(), ...inner])) {
    const renamed = new Map([...output.names].toSorted().map((name) => [name, names.claim(name, output, numberedTensor)]));
    for (const port of [output, ...(readers.get(output) ?? [])]) rename(port, renamed);
  }
}

function rename(port: Output, renamed: ReadonlyMap<string, string>): void {
  const names = [...port.names].map((name) => renamed.get(name) ?? name);
  port.names.clear();
  for (const name of names) port.names.add(name);
}
