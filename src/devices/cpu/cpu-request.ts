import { elementTypes } from "../../tensor/element-type.ts";
import { shapeSize } from "../../common/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { DeviceRequest, ProfilingEntry } from "../device.ts";
import type { Model } from "../../model/model.ts";
import type { VariableStates } from "../../model/variable-states.ts";
import type { LruMap } from "./lru-map.ts";
import { InferenceProfile } from "./inference-profile.ts";
import type { SegmentInstance, SegmentRun } from "./segment-instance.ts";
import { shapeKey } from "./shape-key.ts";

/** What a request needs of its compiled model. */
interface Compiled {
  readonly model: Model;
  readonly isStatic: boolean;
  readonly isProfiled: boolean;
  /** Whether arrays on the engine's memory stay valid, and keep it: WebAssembly's may move when it grows. */
  readonly hasStableMemory: boolean;
  instance(shapes: readonly (readonly number[])[]): SegmentInstance;
}

/** The memory of a request, by input shapes. */
export type Instances = LruMap<string, SegmentInstance>;

/** One inference at a time, of any shapes that the model allows. */
export class CpuRequest implements DeviceRequest {
  readonly #compiled: Compiled;
  readonly #instances: Instances;
  readonly #free: () => void;
  #profile: InferenceProfile | undefined;

  /** `free` disposes of the instances. */
  constructor(compiled: Compiled, instances: Instances, free: () => void) {
    this.#compiled = compiled;
    this.#instances = instances;
    this.#free = free;
  }

  infer(inputs: readonly Tensor[], state?: VariableStates): Tensor[] {
    const run = this.#start(inputs, state);
    for (let next = run.next(); ; next = run.next()) {
      if (next.done) return next.value;
      if (this.#profile) this.#profile.program(next.value.steps, next.value.program.runProfiled());
      else next.value.program.run();
    }
  }

  async inferAsync(inputs: readonly Tensor[], state?: VariableStates): Promise<Tensor[]> {
    const run = this.#start(inputs, state);
    for (let next = run.next(); ; next = run.next()) {
      if (next.done) return next.value;
      if (this.#profile) this.#profile.program(next.value.steps, next.value.program.runProfiled());
      else await next.value.program.runAsync();
    }
  }

  inputTensor(index: number): Tensor | undefined {
    const { model, isStatic, hasStableMemory } = this.#compiled;
    const { elementType, partialShape } = model.inputs[index];
    if (!isStatic || !hasStableMemory) return undefined;
    const shape = partialShape.toShape();
    const instance = this.#of(model.inputs.map((i) => i.shape));
    const view = instance.segment.program.lowered.inputs[index];
    // Where the program reads what a tensor holds, bit by bit.
    if (!(instance.array(view) instanceof elementTypes[elementType].array)) return undefined;
    return new Tensor(elementType, shape, instance.lend(view).subarray(0, shapeSize(shape)));
  }

  profile(): readonly ProfilingEntry[] {
    return this.#profile?.entries ?? [];
  }

  dispose(): void {
    this.#profile = undefined;
    this.#free();
  }

  #of(shapes: readonly (readonly number[])[]): SegmentInstance {
    return this.#instances.get(shapeKey(shapes), () => this.#compiled.instance(shapes));
  }

  #start(inputs: readonly Tensor[], state: VariableStates | undefined): SegmentRun {
    this.#profile = this.#compiled.isProfiled ? new InferenceProfile() : undefined;
    return this.#of(inputs.map((t) => t.shape)).run(inputs, { profile: this.#profile, state });
  }
}
