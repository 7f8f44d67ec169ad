import { describe, expect, test } from "vitest";
import { allOperations, findOperation, opsets } from "./registry.ts";

describe("the registry", () => {
  test("lists each version once, in the opset that introduced it, sorted", () => {
    const versions = allOperations().map((op) => `${op.type} ${op.since}`);
    expect(new Set(versions).size).toBe(versions.length);
    for (const [i, ops] of opsets.entries()) {
      expect(ops.every((op) => op.since === `opset${i + 1}`)).toBe(true);
      const types = ops.map((op) => op.type);
      expect(types).toEqual(types.toSorted());
    }
  });

  test("finds the newest version that an opset has", () => {
    expect(findOperation("ShapeOf", "opset2")?.since).toBe("opset1");
    expect(findOperation("ShapeOf", "opset3")?.since).toBe("opset3");
    expect(findOperation("ShapeOf", "opset16")?.since).toBe("opset3");
    expect(findOperation("HSwish", "opset3")).toBeUndefined();
    expect(findOperation("NoSuchOperation", "opset16")).toBeUndefined();
  });

  test("takes the names of IR files", () => {
    expect(findOperation("ReLU", "opset1")?.type).toBe("Relu");
    expect(findOperation("SoftMax", "opset8")?.since).toBe("opset8");
    expect(findOperation("Const", "opset1")?.type).toBe("Constant");
    expect(findOperation("PReLU", "opset1")?.type).toBe("PRelu");
  });

  test("every operation but parameters can be evaluated, decomposed or is a border", () => {
    for (const op of allOperations())
      if (op.role !== "parameter") expect(op.evaluate ?? op.control ?? op.decompose, `${op.type} ${op.since}`).toBeDefined();
  });
});
