import { VintnerError } from "../common/errors.ts";
import type { Model } from "../model/model.ts";
import type { VariableStates } from "../model/variable-states.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Device, DeviceContext, DeviceRequest, Executable } from "./device.ts";
import type { Config } from "./property.ts";

/** The context of a device that is used alone. */
export const alone: DeviceContext = {
  parameters: [],
  device(name) {
    throw new VintnerError("DEVICE", { what: "a device that is used alone reaches no others", got: JSON.stringify(name) });
  },
};

/** Compiles at once. Throws UNSUPPORTED where the device cannot, and whatever its `compile` throws. */
export function compileSync(device: Device, model: Model, config: Config, context: DeviceContext = alone): Executable {
  if (device.compile) return device.compile(model, config, context);
  throw new VintnerError("UNSUPPORTED", {
    what: `device ${device.name} compiles asynchronously only`,
    hint: "Use compileModel instead of compileModelSync",
  });
}

/** Infers at once. Throws UNSUPPORTED where the device cannot. */
export function inferSync(request: DeviceRequest, inputs: readonly Tensor[], state?: VariableStates): Tensor[] {
  if (request.infer) return request.infer(inputs, state);
  throw new VintnerError("UNSUPPORTED", { what: "the device infers asynchronously only", hint: "Use inferAsync instead of infer" });
}
