import type { Tensor } from "../../tensor/tensor.ts";
import type { Model } from "../../model/model.ts";
import type { DeviceRequest, ProfilingEntry } from "../device.ts";
import { readView, writeView } from "./host-tensor.ts";
import type { ProgramInstance, StepTime } from "./program.ts";

/** A program's inferences, for tensors of one set of shapes. */
export class ProgramInference implements DeviceRequest {
  readonly #instance: ProgramInstance;
  readonly #model: Model;
  readonly #profiling: boolean;
  #times: readonly StepTime[] = [];

  constructor(instance: ProgramInstance, model: Model, profiling: boolean) {
    this.#instance = instance;
    this.#model = model;
    this.#profiling = profiling;
  }

  infer(inputs: readonly Tensor[]): Tensor[] {
    this.#write(inputs);
    if (this.#profiling) this.#times = this.#instance.runProfiled();
    else this.#instance.run();
    return this.#results();
  }

  async inferAsync(inputs: readonly Tensor[]): Promise<Tensor[]> {
    this.#write(inputs);
    if (this.#profiling) this.#times = this.#instance.runProfiled();
    else await this.#instance.runAsync();
    return this.#results();
  }

  /** The elements of an input where the program reads them, for the user to keep. */
  inputArray(index: number): ReturnType<ProgramInstance["lend"]> {
    return this.#instance.lend(this.#instance.program.lowered.inputs[index]);
  }

  profile(): readonly ProfilingEntry[] {
    return this.#times.map(({ nodes, kernel, microseconds, flops }) => ({
      name: nodes[nodes.length - 1].friendlyName,
      type: nodes.map((n) => n.type).join("+"),
      implementation: kernel,
      microseconds,
      ...(flops > 0 && { operations: flops }),
    }));
  }

  dispose(): void {
    this.#instance.dispose();
  }

  #write(inputs: readonly Tensor[]): void {
    for (const [i, view] of this.#instance.program.lowered.inputs.entries()) {
      const target = this.#instance.array(view);
      const { data } = inputs[i];
      // A tensor that is the arena's own memory is there already.
      if (data.buffer !== target.buffer || data.byteOffset !== target.byteOffset) writeView(view, target, inputs[i]);
    }
  }

  #results(): Tensor[] {
    const { results } = this.#model;
    return this.#instance.program.lowered.outputs.map((view, i) =>
      readView(view, this.#instance.array(view), results[i].outputs[0].elementType),
    );
  }
}
