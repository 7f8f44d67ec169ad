import { VintnerError } from "../common/errors.ts";
import type { Device, Executable } from "../devices/device.ts";
import { type Config, defaultOf, type PropertyValue } from "../devices/property.ts";
import type { Model, Variable } from "../model/model.ts";
import type { Output } from "../model/output.ts";
import { writeExported } from "./exported-model.ts";
import { InferRequest } from "./infer-request.ts";
import { Lifetime } from "./lifetime.ts";
import { portIndex } from "./ports.ts";

/** A device as the user has named and configured it. */
interface Compiler {
  /** `CPU`, `HETERO:CPU,REFERENCE`. */
  readonly name: string;
  readonly device: Device;
  readonly config: Config;
}

/** A model compiled for a device. Made by `Core.compileModel`; share it among any number of requests. */
export class CompiledModel {
  readonly inputs: readonly Output[];
  readonly outputs: readonly Output[];
  /** What each request keeps from one inference to the next: see `InferRequest.queryState`. */
  readonly variables: readonly Variable[];
  readonly #model: Model;
  readonly #compiler: Compiler;
  readonly #executable: Executable;
  readonly #given: Config;
  readonly #lifetime: Lifetime;

  /** `model` as it was given, and nobody else's; `given`: the properties that the user has set. */
  constructor(compiler: Compiler, model: Model, executable: Executable, given: Config) {
    this.inputs = model.inputs;
    this.outputs = model.outputs;
    this.variables = model.variables;
    this.#model = model;
    this.#compiler = compiler;
    this.#executable = executable;
    this.#given = given;
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
    const { name: device, properties } = this.#compiler.device;
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const value = this.#executable.getProperty(name) ?? this.#compiler.config[name] ?? (property && defaultOf(property));
    if (value !== undefined) return value;
    if (name === "EXECUTION_DEVICES") return [device];
    throw new VintnerError("INVALID_ARGUMENT", {
      what: `the compiled model has no property ${JSON.stringify(name)}`,
      where: `device ${device}`,
      expected: ["EXECUTION_DEVICES", ...Object.keys(properties)].join(", "),
    });
  }

  /**
   * The model and its properties as bytes, for `Core.importModel`: an IR that is optimized already, in a container that tells version
   * and device.
   */
  async exportModel(): Promise<Uint8Array> {
    return this.exportModelSync();
  }

  /** Like `exportModel`, blocking. */
  exportModelSync(): Uint8Array {
    this.#lifetime.check();
    return writeExported({ model: this.#model, device: this.#compiler.name, config: this.#given });
  }

  /** Frees the device's memory and threads when the inferences under way have ended. No others can start. */
  dispose(): void {
    this.#lifetime.dispose();
  }
}
