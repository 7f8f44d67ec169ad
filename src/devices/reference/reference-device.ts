import type { Device } from "../device.ts";
import { maxMemorySize } from "../memory-budget.ts";
import { flag, readOnly } from "../property.ts";
import { unsupportedOperations } from "../unsupported-operations.ts";
import { supportedOperations } from "./operation-support.ts";
import { ReferenceExecutable } from "./reference-executable.ts";

/** Runs every operation's own evaluation in order: slow, obviously right, what the other devices are measured against. */
export const referenceDevice: Device = {
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
  query: (model) => supportedOperations(model),
  compile(model, config) {
    unsupportedOperations("REFERENCE", supportedOperations(model));
    return new ReferenceExecutable(model, config);
  },
};
