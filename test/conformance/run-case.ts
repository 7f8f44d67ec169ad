import { join } from "node:path";
import { findDevice } from "../../src/devices/registry.ts";
import { resolveConfig } from "../../src/devices/property.ts";
import { compileSync, inferSync } from "../../src/devices/synchronous.ts";
import { readModelSync } from "../../src/frontends/read-model.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { readDataSets } from "./conformance-case.ts";
import { difference } from "./compare-tensors.ts";

/** Runs a case on a device. Gives what is wrong, undefined where nothing is. */
export function runCase(test: ConformanceCase, deviceName: string): string | undefined {
  try {
    const model = readModelSync(join(test.folder, "model.onnx"), { framework: "onnx" });
    const device = findDevice(deviceName);
    const dataSets = readDataSets(test);
    const names = model.outputs.map((o) => o.anyName);
    const executable = compileSync(device, model, resolveConfig(device.name, device.properties, {}));
    const request = executable.createRequest();
    try {
      for (const { inputs, outputs } of dataSets) {
        const got = inferSync(request, inputs);
        for (const [i, want] of outputs.entries()) {
          const wrong = got[i] === undefined ? "missing" : difference(got[i], want);
          if (wrong !== undefined) return `output ${i} ("${names[i]}"): ${wrong}`;
        }
      }
      return undefined;
    } finally {
      request.dispose();
      executable.dispose();
    }
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}
