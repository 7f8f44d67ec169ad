import { VintnerError } from "../common/errors.ts";
import type { Device, Executable } from "../devices/device.ts";
import { type Config, defaultOf, type PropertyValue } from "../devices/property.ts";
import type { Variable } from "../model/model.ts";
import type { Output } from "../model/output.ts";
import { InferRequest } from "./infer-request.ts";
import { Lifetime } from "./lifetime.ts";
import { portIndex } from "./ports.ts";

/** The borders of a model, in its order. */
interface Ports {
  readonly inputs: readonly Output[];
  readonly outputs: readonly Output[];
  readonly variables: readonly Variable[];
}

/** A model compiled for a device. Made by `Core.compileModel`; share it among any number of requests. */
export class CompiledModel {
  readonly inputs: readonly Output[];
  readonly outputs: readonly Output[];
  /** What each request keeps from one inference to the next: see `InferRequest.queryState`. */
  readonly variables: readonly Variable[];
  readonly #device: Device;
  readonly #executable: Executable;
  readonly #config: Config;
  readonly #lifetime: Lifetime;

  constructor(device: Device, { inputs, outputs, variables }: Ports, executable: Executable, config: Config) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.variables = variables;
    this.#device = device;
    this.#executable = executable;
    this.#config = config;
    this.#lifetime = new Lifetime("the compiled model", () => executable.dispose());
  }

  /** The input of a name or index; without a key the only one. Throws INVALID_ARGUMENT. */
  input(key?: string | number): Output {
    return this.inputs[portIndex(this.inputs, "input", key)];
  }

  /** The output of a name or index; without a key the only one. Throws INVALID_ARGUMENT. */
  output(key?: string | number): Output {
    return this.outputs[portIndex(this.outputs, "output", key)];
  }

  /** Throws INVALID_ARGUMENT after `dispose`. */
  createInferRequest(): InferRequest {
    this.#lifetime.check();
    return new InferRequest(this, this.#executable.createRequest(), this.#lifetime);
  }

  /** A property as it is for this model. Throws INVALID_ARGUMENT for one that the device does not have. */
  getProperty(name: string): PropertyValue {
    const { name: device, properties } = this.#device;
    if (name === "EXECUTION_DEVICES") return [device];
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const value = this.#executable.getProperty(name) ?? this.#config[name] ?? (property && defaultOf(property));
    if (value !== undefined) return value;
    throw new VintnerError("INVALID_ARGUMENT", {
      what: `the compiled model has no property ${JSON.stringify(name)}`,
      where: `device ${device}`,
      expected: ["EXECUTION_DEVICES", ...Object.keys(properties)].join(", "),
    });
  }

  /** Frees the device's memory and threads when the inferences under way have ended. No others can start. */
  dispose(): void {
    this.#lifetime.dispose();
  }
}
