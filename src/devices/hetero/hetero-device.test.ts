import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Model } from "../../model/model.ts";
import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { opset } from "../../opset.ts";
import { Core } from "../../runtime/core.ts";
import { VariableStates } from "../../model/variable-states.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { cpuDevice } from "../cpu/cpu-device.ts";
import type { BoundDevice, DeviceContext, Support } from "../device.ts";
import { resolveConfig } from "../property.ts";
import { referenceDevice } from "../reference/reference-device.ts";
import { inferSync } from "../synchronous.ts";
import { heteroDevice } from "./hetero-device.ts";
import { partitionModel } from "./partition-model.ts";

/** A device that runs some types of operations, on CPU or on REFERENCE. */
function partial(name: string, isOf: (type: string) => boolean, real: typeof cpuDevice | typeof referenceDevice): BoundDevice {
  const config = resolveConfig(name, real.properties, { PERF_COUNT: true });
  return {
    name,
    query: (model) =>
      new Map(
        [...real.query(model)].map(([node, support]): [Node, Support] => [
          node,
          isOf(node.type) ? support : { supported: false, reason: "not here" },
        ]),
      ),
    compile: (model) => real.compile(model, config),
    compileAsync: async (model) => real.compile(model, config),
  };
}

/** REFERENCE that only works asynchronously. */
function asynchronous(name: string): BoundDevice {
  const all = partial(name, () => true, referenceDevice);
  return {
    ...all,
    compile: () => {
      throw new Error("asynchronous only");
    },
    compileAsync: async (model) => {
      const executable = await all.compileAsync(model);
      const createRequest: typeof executable.createRequest = () => {
        const real = executable.createRequest();
        return {
          inferAsync: (...parameters) => real.inferAsync(...parameters),
          profile: () => real.profile(),
          dispose: () => real.dispose(),
        };
      };
      return { createRequest, getProperty: (property) => executable.getProperty(property), dispose: () => executable.dispose() };
    },
  };
}

const contextOf = (...devices: readonly BoundDevice[]): DeviceContext => ({
  parameters: devices.map((d) => d.name),
  device: (name) => devices.find((d) => d.name === name) as BoundDevice,
});
const adding = partial("ADDING", (type) => type === "Add", cpuDevice);
const rest = partial("REST", () => true, referenceDevice);

/** Operations drawn by numbers, each on outputs before it. */
function drawn(tape: readonly (readonly [number, number, number])[]): Model {
  const parameters = [opset.parameter("f32", [2, 3], "x"), opset.parameter("f32", "[?,3]", "y")];
  const values: Output[] = [...parameters.map((p) => p.outputs[0]), opset.constant("f32", [1, -2, 3]).outputs[0]];
  for (const [op, a, b] of tape) {
    const [x, y] = [values[a % values.length], values[b % values.length]];
    const made = [() => opset.add(x, y), () => opset.multiply(x, y), () => opset.relu(x), () => opset.subtract(x, y)][op % 4]();
    values.push(made.outputs[0]);
  }
  const outputs = values.filter((_, i) => i % 2 === 0 || i === values.length - 1);
  return new Model({ name: "drawn", parameters, results: outputs.map((o, i) => opset.result(o, `r${i}`)) });
}
const inputs = [new Tensor("f32", [2, 3], [1, -2, 3, -4, 5, -6]), new Tensor("f32", [2, 3], [0.5, 1.5, -1, 2, -3, 0])];
const numbers = (tensors: readonly Tensor[]): number[][] => tensors.map((t) => [...(t.data as Float32Array)]);

describe("HETERO", () => {
  test("gives what one device gives, whatever is cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(3), fc.nat(20), fc.nat(20)), { maxLength: 12 }), async (tape) => {
        const expected = numbers(inferSync(referenceDevice.compile(drawn(tape), {}).createRequest(), inputs));
        const executable = await heteroDevice.compileAsync(drawn(tape), {}, contextOf(adding, rest));
        const request = executable.createRequest();
        const first = await request.inferAsync(inputs);
        expect(numbers(first)).toEqual(expected);
        expect(
          numbers(
            inferSync(
              request,
              inputs.map((t) => t.copy()),
            ),
          ),
        ).toEqual(expected);
        // Results are the caller's, each in memory of its own.
        for (const [i, tensor] of first.entries()) (tensor.data as Float32Array).fill(i);
        expect(first.every((t, i) => t.data.every((v) => v === i))).toBe(true);
        expect(numbers(await request.inferAsync(inputs))).toEqual(expected);
        executable.dispose();
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  test("keeps neighbours on one device together, and lets no part wait for another in turn", () => {
    const model = drawn([
      [0, 0, 1],
      [0, 3, 1],
      [2, 4, 0],
      [0, 5, 4],
      [2, 0, 0],
      [1, 7, 5],
    ]);
    const { parts } = partitionModel(model, (node) => (node.type === "Add" ? "ADDING" : "REST"));
    const typesOf = (part: Model): string[] => part.nodes().flatMap((n) => (n.op.role === undefined ? [n.type] : []));
    expect(parts.map(({ device, model: part }) => [device, typesOf(part).toSorted()])).toEqual([
      ["ADDING", ["Add", "Add"]],
      ["REST", ["Relu"]],
      ["REST", ["Multiply", "Relu"]],
      ["ADDING", ["Add"]],
    ]);
    for (const [i, { inputs: sources }] of parts.entries())
      for (const source of sources) if (source.kind === "part") expect(source.part).toBeLessThan(i);
  });

  test("keeps variables across its parts", async () => {
    const x = opset.parameter("f32", [2], "x");
    const variable = { variable_id: "sum", variable_type: "f32", variable_shape: [2] } as const;
    const sum = opset.add(opset.readValue(opset.constant("f32", [0, 0]), variable), x);
    const results = [opset.result(opset.relu(sum), "y")];
    const model = new Model({ name: "m", parameters: [x], results, sinks: [opset.assign(sum, { variable_id: "sum" })] });
    const states = new VariableStates(model.variables);
    const executable = await heteroDevice.compileAsync(model, {}, contextOf(adding, rest));
    const request = executable.createRequest();
    const step = async (): Promise<number[]> => {
      states.begin();
      const [y] = numbers(await request.inferAsync([new Tensor("f32", [2], [1, -1])], states));
      states.commit();
      return y;
    };
    expect([await step(), await step()]).toEqual([
      [1, 0],
      [2, 0],
    ]);
    executable.dispose();
  });

  test("tells of all devices in its profile", async () => {
    const executable = await heteroDevice.compileAsync(
      drawn([
        [0, 0, 1],
        [2, 3, 0],
      ]),
      {},
      contextOf(adding, rest),
    );
    const request = executable.createRequest();
    await request.inferAsync(inputs);
    expect(new Set(request.profile().map((entry) => entry.implementation.split(":")[0]))).toEqual(new Set(["ADDING", "REST"]));
    expect(executable.getProperty("EXECUTION_DEVICES")).toEqual(["ADDING", "REST"]);
  });

  test("blocks only where all its parts can", async () => {
    const context = contextOf(adding, asynchronous("LATER"));
    const executable = await heteroDevice.compileAsync(
      drawn([
        [0, 0, 1],
        [2, 3, 0],
      ]),
      {},
      context,
    );
    const request = executable.createRequest();
    expect(() => inferSync(request, inputs)).toThrow("asynchronously only");
    expect(numbers(await request.inferAsync(inputs))).toEqual(
      numbers(
        referenceDevice
          .compile(
            drawn([
              [0, 0, 1],
              [2, 3, 0],
            ]),
            {},
          )
          .createRequest()
          .infer(inputs),
      ),
    );
  });

  test("is found by a name with devices, for compiling, querying and importing", async () => {
    const core = new Core();
    const name = "hetero: cpu, REFERENCE.0";
    const compiled = await core.compileModel(drawn([[2, 0, 0]]), name);
    const inferred = (model: typeof compiled): number[][] => numbers(Object.values(model.createInferRequest().infer(inputs)));
    const expected = inferred(compiled);
    const again = core.importModelSync(compiled.exportModelSync(), "HETERO:CPU,REFERENCE.0");
    expect(inferred(again)).toEqual(expected);
    expect(compiled.getProperty("EXECUTION_DEVICES")).toEqual(["CPU"]);
    expect(Object.values(core.queryModel(drawn([[2, 0, 0]]), name))).toEqual(["HETERO:CPU,REFERENCE.0"]);
    expect(core.getAvailableDevices()).not.toContain("HETERO");
  });

  test.each([
    ["HETERO", "needs devices"],
    ["HETERO:NPU", "no such device"],
    ["HETERO:CPU,", "no device's name"],
    ["HETERO:HETERO", "needs devices"],
  ])("refuses %s", async (name, text) => {
    expect(() => new Core().compileModelSync(drawn([[2, 0, 0]]), name)).toThrow(text);
    await expect(new Core().compileModel(drawn([[2, 0, 0]]), name)).rejects.toMatchObject({ code: "DEVICE" });
  });

  test("lists what none of its devices runs", async () => {
    const compile = heteroDevice.compileAsync(drawn([[1, 0, 1]]), {}, contextOf(adding));
    await expect(compile).rejects.toMatchObject({ code: "UNSUPPORTED_OPERATION" });
  });
});
