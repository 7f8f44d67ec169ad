import type { LoweredStep } from "../../lowering/lowered-step.ts";
import type { Node } from "../../model/node.ts";
import type { ProfilingEntry } from "../device.ts";

/** What the steps of an inference take. A step that runs again, in a loop, is counted on. */
export class InferenceProfile {
  readonly #entries = new Map<object, { -readonly [K in keyof ProfilingEntry]: ProfilingEntry[K] }>();
  /** Stand-ins for the nodes of parts that the host evaluates. */
  readonly #parts = new Map<object, { friendlyName: string; type: string }[]>();
  #hostMicroseconds = 0;

  /** Time counted for the host so far. */
  get hostMicroseconds(): number {
    return this.#hostMicroseconds;
  }

  get entries(): readonly ProfilingEntry[] {
    return [...this.#entries.values()];
  }

  /** An operation that the host has run. */
  host(node: Pick<Node, "friendlyName" | "type">, microseconds: number): void {
    this.#hostMicroseconds += microseconds;
    this.#add(node, { name: node.friendlyName, type: node.type, implementation: `host ${node.type}`, microseconds });
  }

  /** Operations that the host has evaluated for the part of a model that `owner` stands for. */
  evaluated(owner: object, entries: readonly ProfilingEntry[]): void {
    const known = this.#parts.get(owner) ?? [];
    this.#parts.set(owner, known);
    for (const [i, { name, type, microseconds }] of entries.entries()) {
      known[i] ??= { friendlyName: name, type };
      this.host(known[i], microseconds);
    }
  }

  /** Steps of a program, in microseconds each. */
  program(steps: readonly LoweredStep[], times: ArrayLike<number>): void {
    for (const [i, step] of steps.entries()) {
      const { nodes } = step;
      const { name, flops } = step.kind === "kernel" ? step.kernel : { name: "host", flops: 0 };
      this.#add(step, {
        name: nodes[nodes.length - 1].friendlyName,
        type: nodes.map((n) => n.type).join("+"),
        implementation: name,
        microseconds: times[i],
        ...(flops > 0 && { operations: flops }),
      });
    }
  }

  #add(step: object, entry: ProfilingEntry): void {
    const known = this.#entries.get(step);
    if (known === undefined) {
      this.#entries.set(step, { ...entry });
      return;
    }
    known.microseconds += entry.microseconds;
    if (entry.operations !== undefined) known.operations = (known.operations ?? 0) + entry.operations;
  }
}
