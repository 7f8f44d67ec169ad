import type { Model } from "../model/model.ts";
import type { Node } from "../model/node.ts";
import type { VariableStates } from "../model/variable-states.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Config, Properties, PropertyValue } from "./property.ts";

/** Whether a device runs an operation, and where it does not, why; or how it runs it. */
export interface Support {
  readonly supported: boolean;
  readonly reason?: string;
}

/** The stages of compilation that `vintner inspect` prints, in their order. */
export type Stage = "lowered" | "plan" | "kernels" | "asm";

/** What a device is given beside the model: the devices that it stands before, as `HETERO:CPU,REFERENCE` names them, and how to reach others. */
export interface DeviceContext {
  /** Names of the devices behind the colon, in their order. */
  readonly parameters: readonly string[];
  /** A device of any name, with what the user has set for it, and `config` on top of that. Throws DEVICE where there is none. */
  readonly device: (name: string, config?: Config) => BoundDevice;
}

/** A device with its configuration and its context. */
export interface BoundDevice {
  /** As the user would write it: `CPU`, `HETERO:CPU,REFERENCE`. */
  readonly name: string;
  query(model: Model): ReadonlyMap<Node, Support>;
  compileAsync(model: Model): Promise<Executable>;
  /** Throws UNSUPPORTED where the device compiles asynchronously only. */
  compile(model: Model): Executable;
}

/** What runs models. A folder of src/devices, and a line of registry.ts. */
export interface Device {
  /** `CPU`, `REFERENCE`: what users call it. */
  readonly name: string;
  /** Whether its name may be followed by other devices' names. */
  readonly takesDevices?: boolean;
  /** One sentence: the processor, the instruction sets. */
  readonly description: string;
  /** What may be asked for and set; the only place that knows their defaults and values. */
  readonly properties: Properties;
  /** An answer for every node but the model's borders and constants. */
  query(model: Model, config: Config, context: DeviceContext): ReadonlyMap<Node, Support>;
  /**
   * Compiles a model, which is the device's from then on: it may rewrite it. `config` has been checked and completed by
   * `resolveConfig`. Throws UNSUPPORTED_OPERATION listing all operations that the device lacks, DEVICE, OUT_OF_MEMORY.
   */
  compileAsync(model: Model, config: Config, context: DeviceContext): Promise<Executable>;
  /** The same, blocking. Absent where the device cannot: one whose compiler or whose parts are asynchronous. */
  compile?(model: Model, config: Config, context: DeviceContext): Executable;
  /** A stage as text. Absent where the device has no stages. */
  inspect?(model: Model, stage: Stage, config: Config): string;
}

/** A compiled model, shared by its requests. */
export interface Executable {
  createRequest(): DeviceRequest;
  /** A property as it is for this model: what the config said, or what the device decided. Undefined for one that it lacks. */
  getProperty(name: string): PropertyValue | undefined;
  /** Frees memory and threads, those of its requests too. Not while one runs (the caller waits), and none runs afterwards. */
  dispose(): void;
}

/** The memory of one inference at a time. */
export interface DeviceRequest {
  /**
   * Runs the model on one tensor for each input, of the input's type and of a shape that its partial shape allows (the caller has
   * checked), with the event loop free where the device can. One at a time. The results are the caller's: later inferences do not
   * write to them. `state` holds the model's variables, if it has some; the caller begins and commits it.
   */
  inferAsync(inputs: readonly Tensor[], state?: VariableStates): Promise<Tensor[]>;
  /** The same, blocking. Absent where the device cannot. */
  infer?(inputs: readonly Tensor[], state?: VariableStates): Tensor[];
  /**
   * The device's own memory for an input of static shape, zero at first: a tensor that is written in place and given to `infer` saves
   * a copy, and outlives the request. Undefined, or absent, where the device has none.
   */
  inputTensor?(index: number): Tensor | undefined;
  /** The steps of the last inference; empty unless PERF_COUNT was set. */
  profile(): readonly ProfilingEntry[];
  /** Frees memory. Not while it runs (the caller waits), and it does not run afterwards. */
  dispose(): void;
}

/** A request of a device that can block. */
export interface SyncRequest extends DeviceRequest {
  infer(inputs: readonly Tensor[], state?: VariableStates): Tensor[];
}

/** What one step of an inference took. */
export interface ProfilingEntry {
  /** Friendly name of the node, or of the last node of those that were fused. */
  readonly name: string;
  readonly type: string;
  /** How it ran: a kernel's name, `evaluate`. */
  readonly implementation: string;
  readonly microseconds: number;
  /** Floating point operations, where they are counted. */
  readonly operations?: number;
}
