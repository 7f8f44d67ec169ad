import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nativeSystem } from "#platform/native";
import { CodeMemory } from "../native/code-memory.ts";
import { emitRoutine as emitWasm, routineType } from "../wasm/emit-routine.ts";
import { kernelFunctionType } from "../wasm/kernel-emitter.ts";
import { ModuleBuilder } from "../wasm/module-builder.ts";
import { availableX64Targets } from "../x64/x64-engine.ts";
import { emitRoutine as emitX64 } from "../x64/emit-routine.ts";
import { type Comparison, type Local, type Loop, type Operand, type Routine, RoutineBuilder, type RoutineStatement } from "./routine.ts";

const words = 8;

/** Runs a routine on words of memory, which are at address 0, by its definition. */
function interpret(routine: Routine, wordBytes: number, memory: bigint[]): void {
  const bits = wordBytes * 8;
  const locals = new Map<Local, bigint>(routine.locals.map((l) => [l, 0n]));
  const wrap = (v: bigint): bigint => BigInt.asUintN(bits, v);
  const value = (o: Operand): bigint => (typeof o === "number" ? wrap(BigInt(o)) : (locals.get(o) as bigint));
  const at = ({ base, offset }: { base: Local; offset: number }): number => (Number(value(base)) + offset) / wordBytes;
  const compare: Readonly<Record<Comparison, (a: bigint, b: bigint) => boolean>> = {
    equal: (a, b) => a === b,
    notEqual: (a, b) => a !== b,
    less: (a, b) => a < b,
    lessOrEqual: (a, b) => a <= b,
    greater: (a, b) => a > b,
    greaterOrEqual: (a, b) => a >= b,
  };
  type Exit = { loop: Loop; kind: "leave" | "repeat" } | "return" | undefined;
  const list = (statements: readonly RoutineStatement[]): Exit => {
    for (const s of statements) {
      const exit = one(s);
      if (exit) return exit;
    }
    return undefined;
  };
  const one = (s: RoutineStatement): Exit => {
    switch (s.kind) {
      case "set":
        locals.set(s.target, value(s.value));
        return undefined;
      case "arithmetic": {
        const [a, b] = [value(s.a), value(s.b)];
        locals.set(s.target, wrap({ add: a + b, subtract: a - b, and: a & b, multiply: a * b }[s.op]));
        return undefined;
      }
      case "load":
        locals.set(s.target, memory[at(s.word)]);
        return undefined;
      case "store":
        memory[at(s.word)] = value(s.value);
        return undefined;
      case "addAtomic": {
        const before = memory[at(s.word)];
        memory[at(s.word)] = wrap(before + value(s.value));
        locals.set(s.target, before);
        return undefined;
      }
      case "compareExchange": {
        const before = memory[at(s.word)];
        if (before === wrap(BigInt(s.expected))) memory[at(s.word)] = wrap(BigInt(s.desired));
        locals.set(s.target, before);
        return undefined;
      }
      case "if":
        return list(compare[s.condition.comparison](value(s.condition.a), value(s.condition.b)) ? s.then : s.otherwise);
      case "loop":
        for (;;) {
          const exit = list(s.body);
          if (exit === "return" || (exit !== undefined && exit.loop !== s.loop)) return exit;
          if (exit?.kind === "leave") return undefined;
        }
      case "leave":
      case "repeat":
        return { loop: s.loop, kind: s.kind };
      case "return":
        return "return";
      default:
        return undefined;
    }
  };
  list(routine.body);
}

/** A routine `(memory)` on `words` words, drawn from a tape of numbers; it ends. */
function drawRoutine(tape: readonly number[], word: number): Routine {
  let position = 0;
  const draw = (below: number): number => (tape[position++ % tape.length] ?? 0) % below;
  const b = new RoutineBuilder("drawn");
  const base = b.parameter("memory");
  const locals = Array.from({ length: 9 }, (_, i) => b.local(`v${i}`));
  for (const [i, local] of locals.entries()) b.set(local, i * 3);
  const some = (): Local => locals[draw(locals.length)];
  const operand = (): Operand => (draw(3) === 0 ? [0, 1, -1, 127, 128, -129, 1_000_003][draw(7)] : some());
  const comparison = (): Comparison => (["equal", "notEqual", "less", "lessOrEqual", "greater", "greaterOrEqual"] as const)[draw(6)];
  const offset = (): number => draw(words) * word;
  const statements = (depth: number): void => {
    for (let n = 1 + draw(5); n > 0; n--) statement(depth);
  };
  const statement = (depth: number): void => {
    switch (draw(depth > 2 ? 8 : 10)) {
      case 0:
        return b.set(some(), operand());
      case 1:
        return b.add(some(), some(), operand());
      case 2:
        return b.subtract(some(), some(), operand());
      case 3:
        return draw(2) === 0 ? b.multiply(some(), some(), operand()) : b.and(some(), some(), operand());
      case 4:
        return b.load(some(), base, offset());
      case 5:
        return draw(2) === 0 ? b.store(base, offset(), operand()) : b.storeRelease(base, offset(), operand());
      case 6:
        return b.addAtomic(some(), base, offset(), operand());
      case 7:
        return b.compareExchange(some(), base, offset(), draw(4), draw(1000));
      case 8:
        return b.if(
          some(),
          comparison(),
          operand(),
          () => statements(depth + 1),
          () => {
            if (draw(2) === 0) statements(depth + 1);
          },
        );
      default: {
        const left = b.local("left");
        b.set(left, 1 + draw(4));
        return b.loop((loop) => {
          b.if(left, "equal", 0, () => b.leave(loop));
          b.subtract(left, left, 1);
          statements(depth + 1);
          b.if(some(), comparison(), operand(), () => (draw(2) === 0 ? b.leave(loop) : b.repeat(loop)));
          statements(depth + 1);
        });
      }
    }
  };
  statements(0);
  for (const [i, local] of locals.entries()) if (i < words) b.addAtomic(local, base, i * word, local);
  return b.build();
}

const first = (i: number): bigint => BigInt(i % 5) + (i === 3 ? 0x7fff_fff0n : 0n);
const expected = (routine: Routine, word: number): bigint[] => {
  const memory = Array.from({ length: words }, (_, i) => first(i));
  interpret(routine, word, memory);
  return memory;
};

const tapes = fc.array(fc.nat(0xffff), { minLength: 20, maxLength: 200 });

describe("a routine does what its statements say", () => {
  const system = availableX64Targets().length > 0 ? nativeSystem() : undefined;

  it.skipIf(system === undefined)("as x64 code", () => {
    if (!system) return;
    const address = system.map(system.pageBytes);
    const memory = new BigUint64Array(system.view(address, system.pageBytes), 0, words);
    fc.assert(
      fc.property(tapes, (tape) => {
        const routine = drawRoutine(tape, 8);
        memory.forEach((_, i) => (memory[i] = first(i)));
        const code = new CodeMemory(system, [emitX64(routine)]);
        system.function(code.addresses[0], 1)(address);
        code.dispose();
        expect([...memory]).toEqual(expected(routine, 8));
      }),
      { numRuns: 300, seed: 7 },
    );
    system.unmap(address, system.pageBytes);
  });

  it("as WebAssembly", () => {
    const limits = { minimum: 1, maximum: 1, shared: true };
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const at = 1024;
    const view = new Uint32Array(memory.buffer, at, words);
    const env = { memory, table: new WebAssembly.Table({ element: "anyfunc", initial: 0 }), finished: () => {} };
    fc.assert(
      fc.property(tapes, (tape) => {
        const routine = drawRoutine(tape, 4);
        view.forEach((_, i) => (view[i] = Number(first(i))));
        const m = new ModuleBuilder();
        m.importMemory("env", "memory", limits);
        m.importTable("env", "table");
        const tellHost = m.importFunction("env", "finished", { params: [], results: [] });
        const callees = { kernelType: m.typeIndex(kernelFunctionType), tellHost };
        m.export(
          "drawn",
          m.addFunction("drawn", routineType(routine), (a) => emitWasm(routine, a, callees)),
        );
        const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.encode()), { env });
        (exports["drawn"] as (address: number) => void)(at);
        expect([...view].map(BigInt)).toEqual(expected(routine, 4));
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});
