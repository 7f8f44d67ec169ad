import type { Program } from "../../kernel/engine.ts";
import { stepRecord } from "./scheduler-layout.ts";

/** How a program has its step records run: those from address `first` to behind `end`. */
export interface StepRunner {
  run(first: number, end: number): void;
  runAsync(first: number, end: number): Promise<void>;
  /** The program will not run again. */
  release(): void;
}

export class WasmProgram implements Program {
  /** Address of each step's record; undefined for steps without tasks. */
  readonly #records: readonly (number | undefined)[];
  readonly #runner: StepRunner;
  readonly #first: number;
  readonly #end: number;
  #disposed = false;

  constructor(records: readonly (number | undefined)[], runner: StepRunner) {
    this.#records = records;
    this.#runner = runner;
    const present = records.filter((r) => r !== undefined);
    this.#first = present[0] ?? 0;
    this.#end = present.length === 0 ? 0 : present[present.length - 1] + stepRecord.byteLength;
  }

  run(): void {
    if (this.#end > 0) this.#runner.run(this.#first, this.#end);
  }

  async runAsync(): Promise<void> {
    if (this.#end > 0) await this.#runner.runAsync(this.#first, this.#end);
  }

  runProfiled(): Float64Array {
    return Float64Array.from(this.#records, (record) => {
      if (record === undefined) return 0;
      const start = performance.now();
      this.#runner.run(record, record + stepRecord.byteLength);
      return (performance.now() - start) * 1000;
    });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#runner.release();
  }
}
