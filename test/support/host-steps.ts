import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { readModelSync } from "../../src/frontends/read-model.ts";
import type { Model } from "../../src/model/model.ts";
import { Core } from "../../src/runtime/core.ts";
import type { ElementType } from "../../src/tensor/element-type.ts";
import { isKnown } from "../../src/tensor/dimension.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { tensorOfNumbers } from "../../src/tensor/tensor-numbers.ts";
import { modelCases } from "./model-cases.ts";

/** Standard topologies, where they lie beside the project. */
export const benchFolder = resolve(import.meta.dirname, "../../../shared/bench");

/** A network, and inputs that it runs on. */
export interface Network {
  readonly name: string;
  readonly path: string;
  readonly inputs: (model: Model) => readonly Tensor[];
}

/** Lengths of the dynamic dimensions of the topologies. */
const lengthOf: Readonly<Record<string, number>> = { batch: 1, seq: 128 };

/** Small positive numbers: token numbers and masks as well as pixels. */
function someNumbers(type: ElementType, shape: readonly number[]): Tensor {
  const size = shape.reduce((n, d) => n * d, 1);
  return tensorOfNumbers(
    type,
    shape,
    Array.from({ length: size }, (_, i) => (type === "f32" ? ((i * 37) % 101) / 101 : 1)),
  );
}

/** All ONNX and IR networks beside the project: real ones once each, and the topologies of the bench. */
export function networks(): Network[] {
  const topologies = existsSync(benchFolder)
    ? readdirSync(benchFolder)
        .filter((file) => file.endsWith(".onnx"))
        .map((file) => ({
          name: `bench/${file}`,
          path: join(benchFolder, file),
          inputs: (model: Model) =>
            model.inputs.map(({ elementType, partialShape }) =>
              someNumbers(
                elementType,
                (partialShape.dimensions ?? []).map((d) => (isKnown(d) ? d : (lengthOf[String(d.symbol)] ?? 1))),
              ),
            ),
        }))
    : [];
  const seen = new Set<string>();
  const real = modelCases((model) => /\.(onnx|xml)$/.test(model))
    .filter(({ model }) => !seen.has(model) && seen.add(model))
    .map(({ model, path, inputs, arrays }) => ({
      name: model,
      path,
      inputs: () => {
        const given = arrays();
        return inputs.map(({ key }) => given.get(key) as Tensor);
      },
    }));
  return [...real, ...topologies];
}

/** How much of an inference runs on the host: operations without a kernel, by their definitions in JavaScript. */
export interface HostShare {
  readonly steps: number;
  readonly hostSteps: number;
  /** Of the inference's time, between 0 and 1; the least of a few inferences. */
  readonly hostTime: number;
  readonly types: readonly string[];
}

export const readNetwork = ({ path }: Network): Model => readModelSync(path);

/** Compiles a network for the CPU and looks at its profile. */
export function hostShare(network: Network, rounds: number): HostShare {
  const model = readNetwork(network);
  const compiled = new Core().compileModelSync(model, "CPU", { PERF_COUNT: true });
  try {
    const request = compiled.createInferRequest();
    const inputs = network.inputs(model);
    let hostTime = 1;
    for (let i = 0; i < rounds; i++) {
      request.infer(inputs);
      const profile = request.getProfilingInfo();
      const total = profile.reduce((sum, p) => sum + p.microseconds, 0);
      const host = profile.filter((p) => isHost(p.implementation)).reduce((sum, p) => sum + p.microseconds, 0);
      hostTime = Math.min(hostTime, total === 0 ? 0 : host / total);
      if (host === 0) break;
    }
    const profile = request.getProfilingInfo();
    const onHost = profile.filter((p) => isHost(p.implementation));
    return { steps: profile.length, hostSteps: onHost.length, hostTime, types: [...new Set(onHost.map((p) => p.type))].toSorted() };
  } finally {
    compiled.dispose();
  }
}

const isHost = (implementation: string): boolean => implementation.startsWith("host") || implementation === "evaluate";
