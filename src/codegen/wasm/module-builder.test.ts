import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteWriter } from "./byte-writer.ts";
import type { FunctionAssembler } from "./function-assembler.ts";
import { type InstructionForm, type InstructionName, instructions, type ValueType } from "./instructions.ts";
import { ModuleBuilder } from "./module-builder.ts";
import { availableWasmTargets } from "./wasm-engine.ts";

const bytesOf = (write: (w: ByteWriter) => void): number[] => {
  const w = new ByteWriter();
  write(w);
  return [...w.toBytes()];
};

describe("ByteWriter", () => {
  it("writes LEB128 as the specification's examples", () => {
    expect(bytesOf((w) => w.u32(0))).toEqual([0]);
    expect(bytesOf((w) => w.u32(624485))).toEqual([0xe5, 0x8e, 0x26]);
    expect(bytesOf((w) => w.u32(0xffffffff))).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f]);
    expect(bytesOf((w) => w.signed(-123456))).toEqual([0xc0, 0xbb, 0x78]);
    expect(bytesOf((w) => w.signed(63))).toEqual([0x3f]);
    expect(bytesOf((w) => w.signed(64))).toEqual([0xc0, 0x00]);
    expect(bytesOf((w) => w.signed(-64))).toEqual([0x40]);
    expect(bytesOf((w) => w.signed(-(2n ** 63n)))).toHaveLength(10);
  });

  it("grows, and writes sizes before contents", () => {
    const long = Array.from({ length: 5000 }, (_, i) => i & 0xff);
    expect(bytesOf((w) => w.sized((inner) => inner.bytes(long)))).toEqual([0x88, 0x27, ...long]);
    expect(bytesOf((w) => w.name("é"))).toEqual([2, 0xc3, 0xa9]);
  });
});

function compile(
  write: (a: FunctionAssembler) => void,
  params: ValueType[] = [],
  results: ValueType[] = [],
): (...values: number[]) => number {
  const m = new ModuleBuilder();
  m.export("f", m.addFunction("f", { params, results }, write));
  const instance = new WebAssembly.Instance(new WebAssembly.Module(m.encode()));
  return (instance.exports as { f: (...values: number[]) => number }).f;
}

describe("ModuleBuilder", () => {
  it("writes constants that come back", () => {
    fc.assert(
      fc.property(fc.integer(), fc.float(), (whole, float) => {
        expect(compile((a) => a.i32(whole), [], ["i32"])()).toBe(whole);
        expect(compile((a) => a.op("f32.const", float), [], ["f32"])()).toBe(float);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it("writes loops, branches, locals and calls", () => {
    const m = new ModuleBuilder();
    const square = m.addFunction("square", { params: ["i32"], results: ["i32"] }, (a) => {
      a.get(0);
      a.get(0);
      a.op("i32.mul");
    });
    const sum = m.addFunction("sum of squares below", { params: ["i32"], results: ["i32"] }, (a) => {
      const [i, total] = [a.local("i32"), a.local("i32")];
      a.block(() =>
        a.loop(() => {
          a.get(i);
          a.get(0);
          a.op("i32.ge_s");
          a.op("br_if", 1);
          a.get(i);
          a.op("call", square);
          a.get(total);
          a.op("i32.add");
          a.set(total);
          a.get(i);
          a.i32(1);
          a.op("i32.add");
          a.set(i);
          a.op("br", 0);
        }),
      );
      a.get(total);
    });
    m.export("sum", sum);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.encode()));
    expect((exports as { sum: (n: number) => number }).sum(10)).toBe(285);
  });
});

describe("instructions", () => {
  // Each form is written with operands of its types and validated by the engine: opcode, immediates and types are right.
  const relaxed = new Set(["f32x4.relaxed_madd", "i32x4.relaxed_laneselect", "i32x4.relaxed_trunc_f32x4_s"]);
  const contextual = new Set([
    "unreachable",
    "block",
    "loop",
    "if",
    "else",
    "end",
    "br",
    "br_if",
    "return",
    "call",
    "call_indirect",
    "drop",
    "local.get",
    "local.set",
    "local.tee",
  ]);
  const names = (Object.keys(instructions) as InstructionName[]).filter((name) => !contextual.has(name));

  it.each(names)("%s", (name) => {
    if (relaxed.has(name) && !availableWasmTargets().includes("wasm-relaxed")) return;
    const form: InstructionForm = instructions[name];
    const bits = Number(/(?:load|store|rmw|wait|notify)(\d+)/.exec(name)?.[1] ?? (/v128\.(?:load|store)$/.test(name) ? 128 : 32));
    const align = Math.log2(bits / 8);
    const immediates: Record<NonNullable<InstructionForm["immediate"]>, number[]> = {
      local: [0],
      label: [0],
      block: [],
      function: [0],
      type: [0],
      i32: [-5],
      i64: [-5],
      f32: [0.5],
      memory: [align, 1000],
      memoryLane: [align, 1000, 1],
      lane: [1],
      bytes: Array.from({ length: 16 }, (_, i) => i),
      zero: [],
    };
    const m = new ModuleBuilder();
    m.importMemory("env", "memory", { minimum: 1, maximum: 1, shared: true });
    m.addFunction("f", { params: form.takes, results: form.gives }, (a) => {
      for (const i of form.takes.keys()) a.get(i);
      a.op(name, ...(form.immediate === undefined ? [] : immediates[form.immediate]));
    });
    expect(() => new WebAssembly.Module(m.encode())).not.toThrow();
  });
});

describe("FunctionAssembler", () => {
  const write =
    (body: (a: FunctionAssembler) => void, results: ValueType[] = []) =>
    () =>
      compile(body, ["i32", "v128"], results);

  it("rejects operands of the wrong type or none at all", () => {
    expect(write((a) => a.op("i32.add"))).toThrow("f: i32.add expects i32, got nothing");
    expect(
      write((a) => {
        a.get(1);
        a.i32(1);
        a.op("i32.add");
      }),
    ).toThrow("i32.add expects i32, got v128");
    expect(
      write((a) => {
        a.get(0);
        a.set(1);
      }),
    ).toThrow("local.set expects v128, got i32");
    expect(write((a) => a.get(2))).toThrow("no local 2");
  });

  it("rejects blocks that reach below or leave values", () => {
    expect(
      write((a) => {
        a.i32(1);
        a.block(() => a.op("drop"));
      }),
    ).toThrow("drop expects a value, got nothing");
    expect(write((a) => a.block(() => a.i32(1)))).toThrow("1 values are left at end");
    expect(write(() => {}, ["i32"])).toThrow("end expects i32, got nothing");
    expect(write((a) => a.op("br", 3))).toThrow("br 3 leaves the function");
    expect(write((a) => a.op("else"))).toThrow("else without if");
  });

  it("accepts anything behind an unconditional branch", () => {
    expect(() =>
      compile(
        (a) => {
          a.i32(7);
          a.op("return");
          a.op("i32.add");
          a.op("drop");
        },
        [],
        ["i32"],
      )(),
    ).not.toThrow();
  });
});
