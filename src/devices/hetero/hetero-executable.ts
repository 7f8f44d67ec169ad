import type { VariableStates } from "../../model/variable-states.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { DeviceRequest, Executable, ProfilingEntry } from "../device.ts";
import type { Config, PropertyValue } from "../property.ts";
import { inferSync } from "../synchronous.ts";
import type { Partition, TensorSource } from "./partition-model.ts";

/** A model whose parts other devices have compiled. */
export class HeteroExecutable implements Executable {
  readonly #partition: Partition;
  readonly #executables: readonly Executable[];
  readonly #config: Config;

  /** `executables`: one for each part. */
  constructor(partition: Partition, executables: readonly Executable[], config: Config) {
    this.#partition = partition;
    this.#executables = executables;
    this.#config = config;
  }

  /** It can block where all its parts can. */
  createRequest(): DeviceRequest {
    const requests = this.#executables.map((executable) => executable.createRequest());
    const { parts } = this.#partition;
    const blocking: Pick<DeviceRequest, "infer"> = requests.every((r) => r.infer !== undefined)
      ? {
          infer: (inputs, state) => {
            const run = new Run(this.#partition, inputs);
            for (const [i, request] of requests.entries()) run.give(inferSync(request, run.inputsOf(i), state));
            return run.results();
          },
        }
      : {};
    return {
      ...blocking,
      inferAsync: async (inputs: readonly Tensor[], state?: VariableStates) => {
        const run = new Run(this.#partition, inputs);
        for (const [i, request] of requests.entries()) run.give(await request.inferAsync(run.inputsOf(i), state));
        return run.results();
      },
      profile: () =>
        requests.flatMap((request, i): ProfilingEntry[] =>
          request.profile().map((entry) => ({ ...entry, implementation: `${parts[i].device}: ${entry.implementation}` })),
        ),
      dispose: () => {
        for (const request of requests) request.dispose();
      },
    };
  }

  getProperty(name: string): PropertyValue | undefined {
    if (name === "EXECUTION_DEVICES") return [...new Set(this.#partition.parts.map((p) => p.device))];
    if (name === "OPTIMAL_NUMBER_OF_INFER_REQUESTS")
      return Math.max(1, ...this.#executables.map((executable) => Number(executable.getProperty(name) ?? 1)));
    return this.#config[name];
  }

  dispose(): void {
    for (const executable of this.#executables) executable.dispose();
  }
}

/** The tensors of one inference. */
class Run {
  readonly #partition: Partition;
  readonly #inputs: readonly Tensor[];
  readonly #given: (readonly Tensor[])[] = [];

  constructor(partition: Partition, inputs: readonly Tensor[]) {
    this.#partition = partition;
    this.#inputs = inputs;
  }

  inputsOf(part: number): Tensor[] {
    return this.#partition.parts[part].inputs.map((source) => this.#tensor(source));
  }

  /** What the next part gives. */
  give(results: readonly Tensor[]): void {
    this.#given.push(results);
  }

  /** The model's results, in memory of their own. */
  results(): Tensor[] {
    const taken = new Set<Tensor>();
    return this.#partition.results.map((source) => {
      const tensor = this.#tensor(source);
      const isOwn = source.kind === "part" && !taken.has(tensor);
      taken.add(tensor);
      return isOwn ? tensor : tensor.copy();
    });
  }

  #tensor(source: TensorSource): Tensor {
    switch (source.kind) {
      case "input":
        return this.#inputs[source.index];
      case "constant":
        return source.tensor;
      case "part":
        return this.#given[source.part][source.result];
    }
  }
}
