import type { Program } from "../../kernel/engine.ts";

/** How a program has its steps run: those from `first` to before `end`. */
export interface StepRunner {
  run(first: number, end: number): void;
  runAsync(first: number, end: number): Promise<void>;
  /** The program will not run again. */
  release(): void;
}

export class WasmProgram implements Program {
  readonly #steps: number;
  readonly #runner: StepRunner;
  #disposed = false;

  constructor(steps: number, runner: StepRunner) {
    this.#steps = steps;
    this.#runner = runner;
  }

  run(): void {
    if (this.#steps > 0) this.#runner.run(0, this.#steps);
  }

  async runAsync(): Promise<void> {
    if (this.#steps > 0) await this.#runner.runAsync(0, this.#steps);
  }

  runProfiled(): Float64Array {
    return Float64Array.from({ length: this.#steps }, (_, step) => {
      const start = performance.now();
      this.#runner.run(step, step + 1);
      return (performance.now() - start) * 1000;
    });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#runner.release();
  }
}
