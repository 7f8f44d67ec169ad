import { CodeMemory } from "../src/codegen/native/code-memory.ts";
import { Assembler } from "../src/codegen/x64/assembler.ts";
import { availableTargets, createEngine } from "../src/devices/cpu/target-selection.ts";
import { KernelBuilder } from "../src/kernel/builder.ts";
import { type Engine, operandIn } from "../src/kernel/engine.ts";
import type { ComputeOp, Kernel, Register } from "../src/kernel/kernel.ts";
import { vectorCosts } from "../src/kernel/target.ts";
import { nativeSystem } from "../src/platform/node/native.ts";

/**
 * Cycles of what the descriptions of targets name, on this machine, one thread: `npx tsx --conditions=source bench/target-costs.ts`.
 *
 * Each figure is the time of a kernel in the kernel language, as the target's generator emits it, by the number of its operations: twelve
 * independent chains of a multiply-add or a dot product in registers (throughput), one chain (latency), and sixteen loads or broadcasts
 * a round from a kilobyte of memory, each used once by an `or`, the cheapest operation there is. The least of many runs counts. Cycles
 * come from a chain of integer multiplications, each of which takes three on every x86-64 processor of the last fifteen years; so they are
 * relative to the clock at the time. A description has the same figure for all processors of its kind: what costs least may be named lower here than there.
 */
const rounds = 20_000;
const milliseconds = 150;
const [chains, loads] = [12, 16];

function least(run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  const deadline = performance.now() + milliseconds;
  do {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  } while (performance.now() < deadline);
  return best;
}

/** Milliseconds of a cycle; by the clock in GHz that is given where there is no native code. */
function cycleTime(): number {
  const system = nativeSystem();
  if (!system) return 1e-6 / Number(process.argv[2] ?? 3);
  const a = new Assembler();
  const [rax, rdi] = [0, 7];
  const head = a.label();
  const multiplications = 64;
  a.bind(head);
  for (let i = 0; i < multiplications; i++) a.op("imul", 128, [rax, rax]);
  a.op("sub.b", 128, [rdi, 1]);
  a.jumpIf("ne", head);
  a.op("ret", 128, []);
  const code = new CodeMemory(system, [a.finish()]);
  const run = system.function(code.addresses[0], 1);
  const time = least(() => run(rounds)) / (rounds * multiplications * 3);
  code.dispose();
  return time;
}

type Write = (k: KernelBuilder, lanes: number) => number;

const inRegisters =
  (op: ComputeOp, element: "f32" | "i32", operand: "f32" | "i32", count: number): Write =>
  (k, lanes) => {
    const constant = (type: "f32" | "i32", value: number): Register => k.constant(value, { element: type, lanes });
    const [a, b] = [constant(operand, 0), constant(operand, 1)];
    const sums = k.each(count, () => k.variable(constant(element, 0)));
    k.for(rounds, { unroll: 4 }, () => {
      for (const sum of sums) k.update(sum, op, a, b, sum);
    });
    const y = k.buffer("y", element, count * lanes, "write");
    for (const [i, sum] of sums.entries()) k.store(y, i * lanes, sum);
    return count;
  };

const fromMemory =
  (broadcast: boolean): Write =>
  (k, lanes) => {
    const x = k.buffer("x", "i32", 16 * loads, "read");
    const sums = k.each(4, () => k.variable(k.constant(0, { element: "i32", lanes })));
    k.for(rounds, () => {
      for (let i = 0; i < loads; i++) {
        const value = broadcast ? k.broadcast(x, i, lanes) : k.load(x, (i * 16) % (16 * loads), { lanes });
        k.update(sums[i % sums.length], "or", sums[i % sums.length], value);
      }
    });
    const y = k.buffer("y", "i32", sums.length * lanes, "write");
    for (const [i, sum] of sums.entries()) k.store(y, i * lanes, sum);
    return loads;
  };

const figures: Readonly<Record<string, Write>> = {
  multiplyAdd: inRegisters("fma", "f32", "f32", chains),
  load: fromMemory(false),
  broadcast: fromMemory(true),
  dotU8I8: inRegisters("dotU8I8Narrow", "i32", "i32", chains),
  dotBf16: inRegisters("dotBf16", "f32", "i32", chains),
  multiplyAddLatency: inRegisters("fma", "f32", "f32", 1),
};

function measure(engine: Engine, name: string, lanes: number, cycle: number): number {
  const k = new KernelBuilder(name, engine.target);
  const operations = figures[name](k, lanes) * rounds;
  const kernel: Kernel = k.build({ key: `${name} ${lanes}` });
  const operands = kernel.buffers.map((b) => operandIn(engine.allocate(b.length * 4)));
  const program = engine.program([{ kernel, operands, barrier: false }]);
  const time = least(() => program.run());
  program.dispose();
  for (const { memory } of operands) memory.dispose();
  return time / operations / cycle;
}

const cycle = cycleTime();
console.log(`${(1e-6 / cycle).toFixed(2)} GHz; cycles measured (described)`);
for (const target of availableTargets().filter((t) => t !== "interpreter")) {
  const engine = createEngine(target, 1);
  for (const lanes of [engine.target.lanes, engine.target.lanes / 2].filter((l) => l >= 4)) {
    const described = vectorCosts(engine.target, lanes);
    const texts = Object.keys(figures).map((name) => {
      const told = name in described ? described[name as keyof typeof described] : engine.target.costs.multiplyAddLatency;
      return `${name} ${measure(engine, name, lanes, cycle).toFixed(2)} (${told})`;
    });
    console.log(`${target}, ${lanes} lanes: ${texts.join(", ")}`);
  }
  engine.dispose();
}
