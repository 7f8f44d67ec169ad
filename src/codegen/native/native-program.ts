import { VintnerError } from "../../common/errors.ts";
import type { Engine, Program, Step } from "../../kernel/engine.ts";
import { checkStepOperands } from "../../kernel/memory-array.ts";
import type { NativeSystem } from "../../platform/native-system.ts";
import { planStepTable, type StepTable, writeStepTable } from "../scheduler/step-table.ts";
import type { CachedCode, CodeCache } from "./code-cache.ts";
import { NativeMemory } from "./native-memory.ts";
import type { ThreadLease } from "./thread-pool.ts";

interface AcquiredCode {
  readonly cache: CodeCache;
  readonly code: readonly CachedCode[];
}

/** Releases the code of programs that nobody holds any more. */
const abandoned = new FinalizationRegistry<AcquiredCode>(({ cache, code }) => cache.release(code));

/** What an engine gives its programs. */
export interface ProgramResources {
  readonly system: NativeSystem;
  readonly threads: number;
  readonly lease: ThreadLease;
  readonly cache: CodeCache;
  /** Programs hold their engine: its threads and code stay as long as they do. */
  readonly engine: Engine;
}

/** A table of steps in native memory, and scratch memory for each thread. */
export class NativeProgram implements Program {
  readonly #resources: ProgramResources;
  readonly #acquired: AcquiredCode;
  readonly #memory: NativeMemory;
  readonly #scratch: NativeMemory | undefined;
  readonly #table: StepTable;
  /** Keeps the operands' memory alive. */
  readonly #steps: readonly Step[];
  readonly #onDispose: () => void;
  #running = false;
  #disposed = false;

  constructor(resources: ProgramResources, steps: readonly Step[], onDispose: () => void) {
    const { system, threads, cache } = resources;
    this.#resources = resources;
    this.#steps = steps;
    this.#onDispose = onDispose;
    for (const step of steps) checkStepOperands(step);
    const scratchStride = steps.reduce((most, { kernel }) => Math.max(most, kernel.scratchBytes), 0);
    const places = { word: 8, threads, scratchStride };
    this.#table = planStepTable(steps, places);
    this.#memory = new NativeMemory(system, this.#table.byteLength);
    if (scratchStride > 0) this.#scratch = new NativeMemory(system, threads * scratchStride);
    const code = cache.acquire(steps.map((s) => s.kernel));
    this.#acquired = { cache, code };
    abandoned.register(this, this.#acquired, this.#acquired);
    const bytes = this.#memory.bytes();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    writeStepTable<bigint>(
      steps,
      this.#table,
      places,
      {
        at: (offset) => this.#at(offset),
        kernel: (step) => code[step].address,
        operand: (step, operand) => addressOf(steps[step], operand),
        scratch: this.#scratch?.address ?? 0n,
      },
      (offset, value) => view.setBigUint64(offset, BigInt(value), true),
    );
  }

  run(): void {
    this.#begin();
    try {
      this.#resources.lease.run(...this.#range(0, this.#steps.length, this.#table.lastGroup));
    } finally {
      this.#running = false;
    }
  }

  async runAsync(): Promise<void> {
    this.#begin();
    try {
      await this.#resources.lease.runAsync(...this.#range(0, this.#steps.length, this.#table.lastGroup));
    } finally {
      this.#running = false;
    }
  }

  runProfiled(): Float64Array {
    this.#begin();
    try {
      return Float64Array.from(this.#steps, (_, i) => {
        const range = this.#range(i, i + 1, this.#table.stepAt(i));
        const start = performance.now();
        this.#resources.lease.run(...range);
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
    this.#memory.dispose();
    this.#scratch?.dispose();
    this.#onDispose();
  }

  #at(offset: number): bigint {
    return this.#memory.address + BigInt(offset);
  }
  /** What the scheduler is told of steps [first, end). */
  #range(first: number, end: number, lastGroup: number): [program: bigint, first: bigint, end: bigint, lastGroup: bigint] {
    return [this.#memory.address, this.#at(this.#table.stepAt(first)), this.#at(this.#table.stepAt(end)), this.#at(lastGroup)];
  }
  #begin(): void {
    if (this.#disposed) throw new VintnerError("INTERNAL", { what: "a program that was disposed of cannot run" });
    if (this.#running) throw inUse();
    this.#running = true;
  }
}

const inUse = (): VintnerError =>
  new VintnerError("INTERNAL", { what: "the program is still running", hint: "Await runAsync() before the next run" });

function addressOf({ kernel, operands }: Step, operand: number): bigint {
  const { memory, byteOffset } = operands[operand];
  if (memory instanceof NativeMemory) return memory.address + BigInt(byteOffset);
  throw new VintnerError("INTERNAL", { what: "an operand in memory of another engine", where: `kernel "${kernel.name}"` });
}
