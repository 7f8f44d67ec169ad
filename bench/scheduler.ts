import { availableTargets, createEngine } from "../src/devices/cpu/target-selection.ts";
import { KernelBuilder } from "../src/kernel/builder.ts";
import { type Engine, operandIn, type Program } from "../src/kernel/engine.ts";

/**
 * Nanoseconds that the scheduler takes for a step, by target, threads and tasks: programs of steps that do next to nothing, each of
 * which waits for the one before. The least of many runs. Usage: npx tsx --conditions=source bench/scheduler.ts
 */
const steps = 400;
const milliseconds = 400;

function programOf(engine: Engine, tasks: number): Program {
  const k = new KernelBuilder("touch", engine.target);
  const { lanes } = k;
  const x = k.buffer("x", "f32", tasks * lanes, "readWrite");
  k.store(x, k.task.mul(lanes), k.add(k.load(x, k.task.mul(lanes)), k.constant(1)));
  const kernel = k.build({ key: `touch ${tasks}`, tasks });
  const operands = [operandIn(engine.allocate(tasks * lanes * 4))];
  return engine.program(Array.from({ length: steps }, () => ({ kernel, operands, barrier: true })));
}

for (const target of availableTargets().filter((t) => t !== "interpreter"))
  for (const threads of [1, 2]) {
    const engine = createEngine(target, threads);
    const figures = [1, 2, 64].map((tasks) => {
      const program = programOf(engine, tasks);
      let best = Number.POSITIVE_INFINITY;
      const deadline = performance.now() + milliseconds;
      do {
        const start = performance.now();
        program.run();
        best = Math.min(best, performance.now() - start);
      } while (performance.now() < deadline);
      program.dispose();
      return `${tasks} tasks ${((best * 1e6) / steps).toFixed(0)}`;
    });
    engine.dispose();
    console.log(`${target.padEnd(13)} ${threads} threads: ${figures.join(", ")} ns a step`);
  }
