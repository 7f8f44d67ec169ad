import type { DeviceRequest, ProfilingEntry } from "../devices/device.ts";
import { inferSync } from "../devices/synchronous.ts";
import { VintnerError } from "../common/errors.ts";
import type { Output } from "../model/output.ts";
import { VariableStates } from "../model/variable-states.ts";
import { Tensor } from "../tensor/tensor.ts";
import { checkIntact, checkTensor, describe, type TensorLike, toInputTensor } from "./check-tensor.ts";
import type { CompiledModel } from "./compiled-model.ts";
import { Lifetime } from "./lifetime.ts";
import { listPorts, portIndex, portName } from "./ports.ts";
import { VariableState } from "./variable-state.ts";

/** Inputs by name, or in the model's order. */
export type InferInputs = Readonly<Record<string, TensorLike>> | readonly TensorLike[];

/** Outputs by name. JavaScript lists names that are whole numbers first: `getOutputTensor(i)` follows the model's order. */
export type InferOutputs = Record<string, Tensor>;

/** One inference at a time on a compiled model, with tensors of its own. Made by `CompiledModel.createInferRequest`. */
export class InferRequest {
  readonly #compiledModel: CompiledModel;
  readonly #request: DeviceRequest;
  readonly #inputs: (Tensor | undefined)[];
  readonly #outputs: (Tensor | undefined)[];
  /** Outputs that the user has set: results are copied into them. */
  readonly #targets = new Map<number, Tensor>();
  readonly #modelLifetime: Lifetime;
  readonly #lifetime: Lifetime;
  readonly #state: VariableStates | undefined;
  #running = false;

  constructor(compiledModel: CompiledModel, request: DeviceRequest, modelLifetime: Lifetime) {
    this.#compiledModel = compiledModel;
    this.#request = request;
    this.#modelLifetime = modelLifetime;
    this.#lifetime = new Lifetime("the request", () => request.dispose());
    const { variables } = compiledModel;
    this.#state = variables.length === 0 ? undefined : new VariableStates(variables);
    this.#inputs = compiledModel.inputs.map(() => undefined);
    this.#outputs = compiledModel.outputs.map(() => undefined);
  }

  /**
   * Runs the model and returns when it is done. Inputs that are not given keep the tensors set before.
   * Throws INVALID_ARGUMENT for inputs that do not exist, are missing or do not fit, and after `dispose`; UNSUPPORTED where the
   * device infers asynchronously only.
   */
  infer(inputs?: InferInputs): InferOutputs {
    const tensors = this.#begin(inputs);
    try {
      return this.#finish(inferSync(this.#request, tensors, this.#state));
    } finally {
      this.#end();
    }
  }

  /** Like `infer`, but leaves the event loop free. Inputs must not be written before the promise settles. */
  async inferAsync(inputs?: InferInputs): Promise<InferOutputs> {
    const tensors = this.#begin(inputs);
    try {
      return this.#finish(await this.#request.inferAsync(tensors, this.#state));
    } finally {
      this.#end();
    }
  }

  /** Sets an input or output by name or port. An output's tensor is written to by every inference. */
  setTensor(nameOrPort: string | Output, tensor: Tensor): void {
    const { kind, index } = this.#find(nameOrPort);
    if (kind === "input") this.setInputTensor(index, tensor);
    else this.setOutputTensor(index, tensor);
  }

  getTensor(nameOrPort: string | Output): Tensor {
    const { kind, index } = this.#find(nameOrPort);
    return kind === "input" ? this.getInputTensor(index) : this.getOutputTensor(index);
  }

  /** Sets the only input, or the one at an index. */
  setInputTensor(tensor: Tensor): void;
  setInputTensor(index: number, tensor: Tensor): void;
  setInputTensor(first: Tensor | number, second?: Tensor): void {
    const [key, tensor] = indexed(first, second);
    const index = portIndex(this.#compiledModel.inputs, "input", key);
    this.#inputs[index] = toInputTensor(tensor, this.#compiledModel.inputs[index]);
  }

  /** The tensor of the only input, or of the one at an index. An input of static shape has one, of zeros, from the beginning. */
  getInputTensor(index?: number): Tensor {
    this.#checkAlive();
    const { inputs } = this.#compiledModel;
    const i = portIndex(inputs, "input", index);
    const tensor = (this.#inputs[i] ??= this.#request.inputTensor?.(i) ?? initialTensor(inputs[i]));
    if (tensor) return tensor;
    throw new VintnerError("INVALID_ARGUMENT", {
      what: "an input of dynamic shape has no tensor before one is set",
      where: `input ${listPorts([inputs[i]])}`,
      hint: "Set one with setInputTensor or give it to infer",
    });
  }

  setOutputTensor(tensor: Tensor): void;
  setOutputTensor(index: number, tensor: Tensor): void;
  setOutputTensor(first: Tensor | number, second?: Tensor): void {
    const [key, tensor] = indexed(first, second);
    const index = portIndex(this.#compiledModel.outputs, "output", key);
    checkTensor(tensor, this.#compiledModel.outputs[index], "output");
    checkIntact(tensor, this.#compiledModel.outputs[index], "output");
    this.#targets.set(index, tensor);
    this.#outputs[index] = tensor;
  }

  /** The result of the last inference. An output of static shape has a tensor, of zeros, from the beginning. */
  getOutputTensor(index?: number): Tensor {
    const { outputs } = this.#compiledModel;
    const i = portIndex(outputs, "output", index);
    const tensor = (this.#outputs[i] ??= initialTensor(outputs[i]));
    if (tensor) return tensor;
    throw new VintnerError("INVALID_ARGUMENT", {
      what: "an output of dynamic shape has no tensor before the first inference",
      where: `output ${listPorts([outputs[i]])}`,
    });
  }

  /** The model's variables as this request has them. Not to be touched while it runs. */
  queryState(): VariableState[] {
    return this.#compiledModel.variables.map((variable) => new VariableState(variable, this.#state as VariableStates));
  }

  /** Makes all variables what they were before the first inference. */
  resetState(): void {
    this.#state?.reset();
  }

  getCompiledModel(): CompiledModel {
    return this.#compiledModel;
  }

  /** Time of each step of the last inference. Empty unless the model was compiled with PERF_COUNT. */
  getProfilingInfo(): readonly ProfilingEntry[] {
    return this.#request.profile();
  }

  /** Frees the device's memory of this request, when its inference has ended if one is under way. */
  dispose(): void {
    this.#lifetime.dispose();
  }

  #checkAlive(): void {
    this.#modelLifetime.check();
    this.#lifetime.check();
  }

  #begin(inputs: InferInputs | undefined): Tensor[] {
    this.#checkAlive();
    if (this.#running)
      throw new VintnerError("INVALID_ARGUMENT", {
        what: "the request is busy",
        hint: "Await its inference, or create another request; AsyncInferQueue keeps several",
      });
    if (inputs !== undefined) this.#setInputs(inputs);
    const { inputs: ports, outputs } = this.#compiledModel;
    const tensors = ports.map((_, i) => this.getInputTensor(i));
    // Tensors that were set a while ago may have lost their memory since.
    for (const [i, tensor] of tensors.entries()) checkIntact(tensor, ports[i], "input");
    for (const [i, tensor] of this.#targets) checkIntact(tensor, outputs[i], "output");
    this.#running = true;
    this.#state?.begin();
    this.#modelLifetime.enter();
    this.#lifetime.enter();
    return tensors;
  }

  #end(): void {
    this.#running = false;
    this.#lifetime.leave();
    this.#modelLifetime.leave();
  }

  #setInputs(inputs: InferInputs): void {
    const ports = this.#compiledModel.inputs;
    if (Array.isArray(inputs)) {
      if (inputs.length !== ports.length)
        throw new VintnerError("INVALID_ARGUMENT", {
          what: "wrong number of inputs",
          expected: `${ports.length}: ${listPorts(ports)}`,
          got: `${inputs.length}`,
        });
      for (const [i, value] of inputs.entries()) this.#inputs[i] = toInputTensor(value as TensorLike, ports[i]);
      return;
    }
    if (typeof inputs !== "object" || inputs === null || inputs instanceof Tensor || ArrayBuffer.isView(inputs))
      throw new VintnerError("INVALID_ARGUMENT", {
        what: "inputs are given in an object by name, or in a list",
        expected: listPorts(ports),
        got: describe(inputs),
      });
    for (const [name, value] of Object.entries(inputs)) {
      const i = portIndex(ports, "input", name);
      this.#inputs[i] = toInputTensor(value, ports[i]);
    }
  }

  #finish(results: readonly Tensor[]): InferOutputs {
    this.#state?.commit();
    const { outputs } = this.#compiledModel;
    const tensors = results.map((result, i) => {
      const target = this.#targets.get(i);
      if (target) copyInto(target, result, outputs[i]);
      return (this.#outputs[i] = target ?? result);
    });
    // Names come from files: fromEntries takes even `__proto__` for a plain key.
    return Object.fromEntries(tensors.map((tensor, i) => [portName(outputs[i]), tensor]));
  }

  #find(nameOrPort: string | Output): { kind: "input" | "output"; index: number } {
    const { inputs, outputs } = this.#compiledModel;
    for (const [kind, ports] of [
      ["input", inputs],
      ["output", outputs],
    ] as const)
      try {
        return { kind, index: portIndex(ports, kind, nameOrPort) };
      } catch {
        continue;
      }
    throw new VintnerError("INVALID_ARGUMENT", {
      what: `the model has no input or output ${typeof nameOrPort === "string" ? JSON.stringify(nameOrPort) : `"${nameOrPort.anyName}"`}`,
      expected: `inputs ${listPorts(inputs)}; outputs ${listPorts(outputs)}`,
    });
  }
}

const initialTensor = (port: Output): Tensor | undefined =>
  port.partialShape.isStatic && port.elementType !== "dynamic" ? new Tensor(port.elementType, port.shape) : undefined;

function indexed(first: Tensor | number, second: Tensor | undefined): [number | undefined, Tensor] {
  const [key, tensor] = typeof first === "number" ? [first, second] : [undefined, first];
  if (tensor instanceof Tensor) return [key, tensor];
  throw new VintnerError("INVALID_ARGUMENT", { what: "this is no tensor", expected: "a Tensor", got: describe(tensor) });
}

function copyInto(target: Tensor, result: Tensor, port: Output): void {
  if (target.size !== result.size || target.shape.some((d, axis) => d !== result.shape[axis]))
    throw new VintnerError("INVALID_ARGUMENT", {
      what: "the tensor set for an output does not have the result's shape",
      where: `output "${portName(port)}"`,
      expected: `[${result.shape.join(",")}]`,
      got: `[${target.shape.join(",")}]`,
    });
  checkIntact(target, port, "output");
  target.bytes.set(result.bytes);
}
