import { describe, expect, it } from "vitest";
import { thrownBy } from "../common/thrown-error.fixture.ts";
import { Model } from "../model/model.ts";
import { opset } from "../opset.ts";
import { Tensor } from "../tensor/tensor.ts";
import { cpuDevice } from "./cpu/cpu-device.ts";
import { availableTargets } from "./cpu/target-selection.ts";
import { inUnits, MemoryBudget } from "./memory-budget.ts";
import { resolveConfig } from "./property.ts";
import { referenceDevice } from "./reference/reference-device.ts";

const kilobyte = 1024;

/** Two products with 512 KiB of weights each, behind operations that no kernel takes together, on `rows` times 8 KiB. */
function model(rows: number): Model {
  const x = opset.parameter("f32", [rows, 2048], "x");
  const sums = opset.cumSum(opset.relu(x), new Tensor("i32", [], [1]));
  sums.friendlyName = "sums";
  const first = opset.matMul(sums, opset.constant("f32", new Float32Array(2048 * 64).fill(0.5), [2048, 64]));
  const second = opset.matMul(first, opset.constant("f32", new Float32Array(2048 * 64).fill(0.25), [64, 2048]));
  second.friendlyName = "second";
  return new Model({ name: "m", parameters: [x], results: [opset.result(second, "y")] });
}

describe("a memory budget", () => {
  it("adds up what is taken and given, and says what there is no room for", () => {
    const budget = new MemoryBudget(100);
    budget.take(60, "constants", "a");
    budget.take(40, "an arena", "b");
    expect(thrownBy(() => budget.take(1, "an arena", 'Relu "c"'))).toMatchObject({
      code: "OUT_OF_MEMORY",
      details: { what: "there is no room for an arena", where: 'Relu "c"', expected: "at most 100 bytes, of which 100 bytes are taken" },
    });
    budget.give(60);
    budget.take(1, "an arena", "c");
    expect(budget.taken).toBe(41);
  });

  it.each([
    [0, "0 bytes"],
    [1023, "1023 bytes"],
    [1536, "1.50 KiB"],
    [5 * 2 ** 30, "5.00 GiB"],
    [2 ** 50, "1.02e+3 TiB"],
  ])("says %d as %s", (bytes, text) => expect(inUnits(bytes)).toBe(text));
});

describe.each(availableTargets())("the budget of a model on %s", (target) => {
  const config = (limit: number): ReturnType<typeof resolveConfig> =>
    resolveConfig("CPU", cpuDevice.properties, { CPU_TARGET: target, INFERENCE_NUM_THREADS: 1, MAX_MEMORY_SIZE: limit });

  it("is what its constants, arenas and copies fit into", () => {
    // Some 50 KiB are for a request; constants are allocated in large steps where there is room for them.
    const executable = cpuDevice.compile(model(1), config(1400 * kilobyte));
    expect(executable.getProperty("MAX_MEMORY_SIZE")).toBe(1400 * kilobyte);
    const request = executable.createRequest();
    expect(request.infer([new Tensor("f32", [1, 2048])])[0].size).toBe(2048);
    executable.dispose();
  });

  it("refuses constants, naming the operation that needs them", () => {
    const error = thrownBy(() => cpuDevice.compile(model(1), config(1000 * kilobyte)));
    expect(error).toMatchObject({ code: "OUT_OF_MEMORY", details: { what: "there is no room for constants", where: 'MatMul "second"' } });
  });

  it("refuses arenas, naming the operation with the largest tensor, and those of one request too many", () => {
    const x = opset.parameter("f32", [1000, 100], "x");
    const y = opset.softmax(opset.relu(x), { axis: 1 });
    y.friendlyName = "y";
    const small = new Model({ name: "m", parameters: [x], results: [opset.result(y, "out")] });
    const where = /^(Relu|Softmax) "/;
    const alone = thrownBy(() => cpuDevice.compile(small, config(500 * kilobyte)));
    expect(alone).toMatchObject({ code: "OUT_OF_MEMORY", details: { what: "there is no room for the tensors of an inference" } });
    expect(alone.details.where).toMatch(where);

    const executable = cpuDevice.compile(small, config(3400 * kilobyte));
    const requests = [0, 1, 2, 3].map(() => executable.createRequest());
    const infer = (i: number): Tensor[] => requests[i].infer([new Tensor("f32", [1000, 100])]);
    infer(0);
    infer(1);
    expect(thrownBy(() => [infer(2), infer(3)])).toMatchObject({ code: "OUT_OF_MEMORY" });
    // What is given back is there for others.
    requests[0].dispose();
    requests[1].dispose();
    requests[2].dispose();
    expect(infer(3)[0].size).toBe(100_000);
    executable.dispose();
  });

  it("refuses an arena that no block holds, where each tensor alone would fit", () => {
    const x = opset.parameter("f32", [540_000_000], "x");
    const large = new Model({ name: "m", parameters: [x], results: [opset.result(opset.relu(x), "y")] });
    const error = thrownBy(() => cpuDevice.compile(large, config(2 ** 40)));
    expect(error.code).toBe("OUT_OF_MEMORY");
    expect(error.details.where).toMatch(/^(Relu|Parameter) "/);
  });

  it("refuses a tensor larger than all memory at once", () => {
    const x = opset.parameter("f32", [2 ** 15, 2 ** 15], "x");
    const huge = new Model({ name: "m", parameters: [x], results: [opset.result(opset.relu(x), "y")] });
    expect(thrownBy(() => cpuDevice.compile(huge, config(2 ** 31)))).toMatchObject({
      code: "OUT_OF_MEMORY",
      details: { where: 'Parameter "x"' },
    });
  });
});

describe("the budget of a model on REFERENCE", () => {
  const compile = (limit: number): unknown =>
    referenceDevice.compile(model(64), resolveConfig("REFERENCE", referenceDevice.properties, { MAX_MEMORY_SIZE: limit }));

  it("is what the tensors that are needed at the same time fit into", () => {
    expect(() => compile(1024 * kilobyte)).not.toThrow();
    expect(thrownBy(() => compile(1023 * kilobyte))).toMatchObject({ code: "OUT_OF_MEMORY", details: { where: 'CumSum "sums"' } });
  });
});
