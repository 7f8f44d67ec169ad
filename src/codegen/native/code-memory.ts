import type { NativeSystem } from "../../platform/native-system.ts";

/** Executable copies of pieces of code, each at a multiple of 64 bytes. Never writable and executable at once. */
export class CodeMemory {
  readonly addresses: readonly bigint[];
  readonly #system: NativeSystem;
  readonly #base: bigint;
  readonly #bytes: number;

  constructor(system: NativeSystem, pieces: readonly Uint8Array[]) {
    this.#system = system;
    const offsets: number[] = [];
    let length = 0;
    for (const piece of pieces) {
      offsets.push(length);
      length += Math.ceil(piece.length / 64) * 64;
    }
    this.#bytes = Math.max(1, Math.ceil(length / system.pageBytes)) * system.pageBytes;
    this.#base = system.map(this.#bytes);
    const view = new Uint8Array(system.view(this.#base, this.#bytes));
    for (const [i, piece] of pieces.entries()) view.set(piece, offsets[i]);
    try {
      system.protect(this.#base, this.#bytes, "execute");
    } catch (error) {
      system.unmap(this.#base, this.#bytes);
      throw error;
    }
    this.addresses = offsets.map((o) => this.#base + BigInt(o));
  }

  dispose(): void {
    this.#system.unmap(this.#base, this.#bytes);
  }
}
