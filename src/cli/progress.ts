/** What takes longer than this is worth a word, in milliseconds. */
const patience = 500;

interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * Tells on stderr what a program is at. On a terminal one line is rewritten and vanishes at the end; elsewhere plain lines
 * say what took longer than half a second.
 */
export class Progress {
  readonly #terminal: Terminal;
  readonly #live: boolean;
  #shown = "";
  #lastLine = 0;

  constructor(terminal: Terminal = process.stderr) {
    this.#terminal = terminal;
    this.#live = terminal.isTTY === true;
  }

  /** Runs a stage, named by what it is doing: `Compiling for CPU`. */
  async stage<T>(doing: string, run: (progress: Progress) => T | Promise<T>): Promise<T> {
    const start = performance.now();
    this.#lastLine = start;
    if (this.#live) this.#show(`${doing} ...`);
    const timer = this.#live ? undefined : setTimeout(() => this.#line(`${doing} ...`), patience);
    try {
      return await run(this);
    } finally {
      clearTimeout(timer);
      this.#show("");
      const took = performance.now() - start;
      if (!this.#live && took > patience) this.#line(`${doing}: ${(took / 1000).toFixed(1)} s`);
    }
  }

  /** Inside a stage: how far it is. Plain lines come at most every five seconds. */
  update(text: string): void {
    if (this.#live) this.#show(text);
    else if (performance.now() - this.#lastLine > 10 * patience) this.#line(text);
  }

  /** A line that stays. */
  note(text: string): void {
    const shown = this.#shown;
    this.#show("");
    this.#terminal.write(`${text}\n`);
    this.#show(shown);
  }

  #line(text: string): void {
    this.#terminal.write(`${text}\n`);
    this.#lastLine = performance.now();
  }

  #show(text: string): void {
    if (!this.#live || text === this.#shown) return;
    this.#terminal.write(`\r\u001B[K${text}`);
    this.#shown = text;
  }
}
