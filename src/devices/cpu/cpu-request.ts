import type { Engine } from "../../kernel/engine.ts";
import type { Model } from "../../model/model.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Tensor as TensorClass } from "../../tensor/tensor.ts";
import type { DeviceRequest, ProfilingEntry } from "../device.ts";
import { readView, writeView } from "./host-tensor.ts";
import { LruMap } from "./lru-map.ts";
import { shapeKey } from "./shape-key.ts";
import type { ProgramInstance, StepTime } from "./program.ts";
import type { View } from "./view.ts";

/** What a request needs of its compiled model. */
interface Compiled {
  readonly model: Model;
  readonly engine: Engine;
  readonly profiling: boolean;
  readonly isStatic: boolean;
  instance(shapes: readonly (readonly number[])[]): ProgramInstance;
}

/** Arenas kept for the shapes met last. */
const mostInstances = 8;

/** One inference at a time, with an arena for each set of shapes. */
export class CpuRequest implements DeviceRequest {
  readonly #executable: Compiled;
  readonly #instances = new LruMap<string, ProgramInstance>(mostInstances, (instance) => instance.dispose());
  readonly #disposed: (request: CpuRequest) => void;
  #times: readonly StepTime[] = [];

  constructor(executable: Compiled, disposed: (request: CpuRequest) => void) {
    this.#executable = executable;
    this.#disposed = disposed;
  }

  infer(inputs: readonly Tensor[]): Tensor[] {
    const instance = this.#prepare(inputs);
    if (this.#executable.profiling) this.#times = instance.runProfiled();
    else instance.run();
    return this.#results(instance);
  }

  async inferAsync(inputs: readonly Tensor[]): Promise<Tensor[]> {
    const instance = this.#prepare(inputs);
    if (this.#executable.profiling) this.#times = instance.runProfiled();
    else await instance.runAsync();
    return this.#results(instance);
  }

  inputTensor(index: number): Tensor | undefined {
    const { model, engine } = this.#executable;
    const port = model.inputs[index];
    // WebAssembly's memory may move when it grows.
    if (!this.#executable.isStatic || !engine.target.name.startsWith("x64-") || port.elementType !== "f32") return undefined;
    const instance = this.#instance(model.inputs.map((i) => i.shape));
    const view = instance.program.lowered.inputs[index];
    return new TensorClass(
      "f32",
      port.shape,
      instance.array(view).subarray(
        0,
        port.shape.reduce((n, d) => n * d, 1),
      ),
    );
  }

  profile(): readonly ProfilingEntry[] {
    return this.#times.map(({ nodes, kernel, microseconds, flops }) => {
      const last = nodes[nodes.length - 1];
      return {
        name: last.friendlyName,
        type: nodes.map((n) => n.type).join("+"),
        implementation: kernel,
        microseconds,
        ...(flops > 0 && { operations: flops }),
      };
    });
  }

  dispose(): void {
    this.#instances.clear();
    this.#disposed(this);
  }

  #instance(shapes: readonly (readonly number[])[]): ProgramInstance {
    return this.#instances.get(shapeKey(shapes), () => this.#executable.instance(shapes));
  }

  #prepare(inputs: readonly Tensor[]): ProgramInstance {
    const instance = this.#instance(inputs.map((t) => t.shape));
    for (const [i, view] of instance.program.lowered.inputs.entries()) {
      const target = instance.array(view);
      const { data } = inputs[i];
      // A tensor that is the arena's own memory is there already.
      if (data.buffer !== target.buffer || data.byteOffset !== target.byteOffset) writeView(view, target, inputs[i]);
    }
    return instance;
  }

  #results(instance: ProgramInstance): Tensor[] {
    const { results } = this.#executable.model;
    return instance.program.lowered.outputs.map((view: View, i) => readView(view, instance.array(view), results[i].outputs[0].elementType));
  }
}
