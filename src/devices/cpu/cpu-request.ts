import { Tensor } from "../../tensor/tensor.ts";
import type { DeviceRequest, ProfilingEntry } from "../device.ts";
import type { Model } from "../../model/model.ts";
import { ProgramInference } from "./inference.ts";
import type { LruMap } from "./lru-map.ts";
import { shapeKey } from "./shape-key.ts";

/** What a request needs of its compiled model. */
interface Compiled {
  readonly model: Model;
  readonly isStatic: boolean;
  /** Whether arrays on the engine's memory stay valid, and keep it: WebAssembly's may move when it grows. */
  readonly hasStableMemory: boolean;
  inference(shapes: readonly (readonly number[])[]): DeviceRequest;
}

/** Inferences, each with memory of its own, by shapes. */
export type Inferences = LruMap<string, DeviceRequest>;

/** One inference at a time, of any shapes that the model allows. */
export class CpuRequest implements DeviceRequest {
  readonly #compiled: Compiled;
  readonly #inferences: Inferences;
  readonly #free: () => void;
  #last: DeviceRequest | undefined;

  /** `free` disposes of the inferences. */
  constructor(compiled: Compiled, inferences: Inferences, free: () => void) {
    this.#compiled = compiled;
    this.#inferences = inferences;
    this.#free = free;
  }

  infer(inputs: readonly Tensor[]): Tensor[] {
    return this.#of(inputs.map((t) => t.shape)).infer(inputs);
  }

  async inferAsync(inputs: readonly Tensor[]): Promise<Tensor[]> {
    return this.#of(inputs.map((t) => t.shape)).inferAsync(inputs);
  }

  inputTensor(index: number): Tensor | undefined {
    const { model, isStatic, hasStableMemory } = this.#compiled;
    const port = model.inputs[index];
    if (!isStatic || !hasStableMemory || port.elementType !== "f32") return undefined;
    const inference = this.#of(model.inputs.map((i) => i.shape));
    if (!(inference instanceof ProgramInference)) return undefined;
    const size = port.shape.reduce((n, d) => n * d, 1);
    return new Tensor("f32", port.shape, inference.inputArray(index).subarray(0, size));
  }

  profile(): readonly ProfilingEntry[] {
    return this.#last?.profile() ?? [];
  }

  dispose(): void {
    this.#last = undefined;
    this.#free();
  }

  #of(shapes: readonly (readonly number[])[]): DeviceRequest {
    this.#last = this.#inferences.get(shapeKey(shapes), () => this.#compiled.inference(shapes));
    return this.#last;
  }
}
