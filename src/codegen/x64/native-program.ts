import { VintnerError } from "../../common/errors.ts";
import type { Program, Step } from "../../kernel/engine.ts";
import { checkStepOperands } from "../../kernel/memory-array.ts";
import type { NativeSystem } from "../../platform/native-system.ts";
import type { CachedCode, CodeCache } from "./code-cache.ts";
import { NativeMemory } from "./native-memory.ts";
import { shareLayout, stepBytes, stepLayout } from "./runner-code.ts";
import type { ThreadPool } from "./thread-pool.ts";

/** Chunks of a thread's share of a step: enough that an uneven end costs little. */
const chunksPerThread = 8;

interface AcquiredCode {
  readonly cache: CodeCache;
  readonly code: readonly CachedCode[];
}

/** Releases the code of programs that nobody holds any more. */
const abandoned = new FinalizationRegistry<AcquiredCode>(({ cache, code }) => cache.release(code));

/** A table of steps in native memory. */
export class NativeProgram implements Program {
  readonly #pool: ThreadPool;
  readonly #acquired: AcquiredCode;
  readonly #table: NativeMemory;
  /** Keeps the operands' memory alive. */
  readonly #steps: readonly Step[];
  readonly #lastGroup: bigint;
  readonly #stepBytes: number;
  readonly #onDispose: () => void;
  #running = false;
  #disposed = false;

  constructor(system: NativeSystem, pool: ThreadPool, cache: CodeCache, steps: readonly Step[], onDispose: () => void) {
    this.#pool = pool;
    this.#stepBytes = stepBytes(pool.threads);
    this.#steps = steps;
    this.#onDispose = onDispose;
    for (const step of steps) checkStepOperands(step);
    const operandWords = steps.reduce((n, s) => n + s.operands.length, 0);
    this.#table = new NativeMemory(system, steps.length * this.#stepBytes + operandWords * 8);
    const code = cache.acquire(steps.map((s) => s.kernel));
    this.#acquired = { cache, code };
    abandoned.register(this, this.#acquired, this.#acquired);
    const bytes = this.#table.bytes();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const put = (at: number, value: bigint): void => view.setBigUint64(at, value, true);
    const { address } = this.#table;
    let operandsAt = steps.length * this.#stepBytes;
    let group = 0;
    for (const [i, { kernel, operands, barrier }] of steps.entries()) {
      const at = i * this.#stepBytes;
      put(at + stepLayout.kernel, code[i].address);
      put(at + stepLayout.operands, address + BigInt(operandsAt));
      put(at + stepLayout.tasks, BigInt(kernel.tasks));
      for (let t = 0; t < pool.threads; t++) {
        const share = at + stepLayout.shares + t * shareLayout.bytes;
        put(share + shareLayout.begin, BigInt(Math.floor((kernel.tasks * t) / pool.threads)));
        put(share + shareLayout.end, BigInt(Math.floor((kernel.tasks * (t + 1)) / pool.threads)));
      }
      put(at + stepLayout.chunk, BigInt(Math.max(1, Math.floor(kernel.tasks / (pool.threads * chunksPerThread)))));
      if (barrier && i > 0) {
        put(at + stepLayout.group, address + BigInt(group * this.#stepBytes));
        group = i;
      }
      for (const { memory, byteOffset } of operands) {
        if (!(memory instanceof NativeMemory))
          throw new VintnerError("INTERNAL", { what: "an operand in memory of another engine", where: `kernel "${kernel.name}"` });
        put(operandsAt, memory.address + BigInt(byteOffset));
        operandsAt += 8;
      }
    }
    this.#lastGroup = address + BigInt(group * this.#stepBytes);
  }

  run(): void {
    this.#begin();
    try {
      this.#pool.run(this.#table.address, this.#end(this.#steps.length), this.#lastGroup);
    } finally {
      this.#running = false;
    }
  }

  async runAsync(): Promise<void> {
    this.#begin();
    try {
      await this.#pool.runAsync(this.#table.address, this.#end(this.#steps.length), this.#lastGroup);
    } finally {
      this.#running = false;
    }
  }

  runProfiled(): Float64Array {
    this.#begin();
    try {
      return Float64Array.from(this.#steps, (_, i) => {
        const first = this.#end(i);
        const start = performance.now();
        this.#pool.run(first, this.#end(i + 1), first);
        return (performance.now() - start) * 1000;
      });
    } finally {
      this.#running = false;
    }
  }

  dispose(): void {
    if (this.#disposed) return;
    if (this.#running) throw inUse();
    this.#disposed = true;
    abandoned.unregister(this.#acquired);
    this.#acquired.cache.release(this.#acquired.code);
    this.#table.dispose();
    this.#onDispose();
  }

  #end(step: number): bigint {
    return this.#table.address + BigInt(step * this.#stepBytes);
  }
  #begin(): void {
    if (this.#disposed) throw new VintnerError("INTERNAL", { what: "a program that was disposed of cannot run" });
    if (this.#running) throw inUse();
    this.#running = true;
  }
}

const inUse = (): VintnerError =>
  new VintnerError("INTERNAL", { what: "the program is still running", hint: "Await runAsync() before the next run" });
