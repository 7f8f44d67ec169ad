import { describe, expect, it } from "vitest";
import { KernelBuilder } from "../kernel/builder.ts";
import { targets } from "../kernel/targets.fixture.ts";
import { constantRounds, type ForStatement, planAddresses } from "./address-plan.ts";

const builder = (): KernelBuilder => new KernelBuilder("plan", targets.interpreter);

describe("planAddresses", () => {
  it("gives accesses that differ by a constant one pointer", () => {
    const k = builder();
    const x = k.buffer("x", "f32", 1000, "readWrite");
    k.for(10, (i) => k.store(x, i.mul(16).add(8), k.load(x, i.mul(16))));
    const kernel = k.build({ key: "" });
    const plan = planAddresses(kernel);
    expect(plan.pointers).toEqual([{ id: 0, buffer: x, origin: 0 }]);
    const loop = kernel.body[0] as ForStatement;
    expect(plan.advances(loop.variable)).toEqual([{ pointer: plan.pointers[0], bytes: 64 }]);
    expect(loop.body.map((s) => (s.kind === "load" || s.kind === "store" ? plan.access(s).displacement : -1))).toEqual([0, 32]);
    expect(plan.isValueUsed(loop.variable)).toBe(false);
    expect(plan.pointersOf(kernel.body)).toEqual(new Set(plan.pointers));
  });

  it("shares a pointer between scopes that agree, and splits where they do not", () => {
    const k = builder();
    const x = k.buffer("x", "f32", 1000, "readWrite");
    k.for(4, (i) => {
      k.load(x, i.mul(8));
      k.for(4, (j) => k.load(x, i.mul(8).add(j)));
      k.for(4, (j) => k.load(x, i.mul(8).add(j.mul(2))));
      k.load(x, i.mul(3));
    });
    expect(planAddresses(k.build({ key: "" })).pointers).toHaveLength(2);
  });

  it("moves the begin of a loop to the variables that it is made of", () => {
    const k = builder();
    const x = k.buffer("x", "f16", 1000, "read");
    const begin = k.task.mul(4).add(-1);
    k.range(begin, begin.add(12), { step: 3 }, (i) => k.load(x, i.mul(5).add(7)));
    const kernel = k.build({ key: "", tasks: 4 });
    const plan = planAddresses(kernel);
    const loop = kernel.body[0] as ForStatement;
    expect(constantRounds(loop)).toBe(4);
    expect(plan.pointers[0].origin).toBe(4);
    expect(plan.advances(kernel.task)).toEqual([{ pointer: plan.pointers[0], bytes: 40 }]);
    expect(plan.advances(loop.variable)).toEqual([{ pointer: plan.pointers[0], bytes: 10 }]);
    expect(plan.isValueUsed(kernel.task)).toBe(true);
  });
});
