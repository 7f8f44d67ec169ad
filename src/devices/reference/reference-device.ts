import type { Model } from "../../model/model.ts";
import type { Device, Executable } from "../device.ts";
import { maxMemorySize } from "../memory-budget.ts";
import { type Config, flag, readOnly } from "../property.ts";
import { unsupportedOperations } from "../unsupported-operations.ts";
import { supportedOperations } from "./operation-support.ts";
import { ReferenceExecutable } from "./reference-executable.ts";

/** Runs every operation's own evaluation in order: slow, obviously right, what the other devices are measured against. */
export const referenceDevice = {
  name: "REFERENCE",
  description: "Evaluates each operation by its definition, in JavaScript on one thread",
  properties: {
    FULL_DEVICE_NAME: readOnly("What the device is", "Reference evaluation of operations"),
    DEVICE_TYPE: readOnly("Whether the device is part of the processor", "integrated"),
    OPTIMIZATION_CAPABILITIES: readOnly("Number types that the device computes in", ["FP32", "FP16", "BF16", "INT8"]),
    OPTIMAL_NUMBER_OF_INFER_REQUESTS: readOnly("How many requests at a time are worth while", 1),
    MAX_MEMORY_SIZE: maxMemorySize,
    PERF_COUNT: flag("Measure each operation", false),
  },
  query: (model: Model) => supportedOperations(model),
  async compileAsync(model: Model, config: Config): Promise<Executable> {
    return referenceDevice.compile(model, config);
  },
  compile(model: Model, config: Config): ReferenceExecutable {
    unsupportedOperations("REFERENCE", supportedOperations(model));
    return new ReferenceExecutable(model, config);
  },
} satisfies Device;
