import type { Engine, Memory, Operand } from "../../kernel/engine.ts";
import { ScaledTensor } from "../../tensor/scaled-tensor.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { MemoryBudget } from "../memory-budget.ts";

const smallestChunk = 1 << 18;
const largestChunk = 1 << 24;
const alignment = 64;

/** The constant data of a compiled model in the engine's memory: made once for each key and shared by all its programs. */
export class ConstantPool {
  readonly #engine: Engine;
  readonly #budget: MemoryBudget;
  readonly #places = new Map<string, Operand>();
  readonly #chunks: Memory[] = [];
  readonly #keys = new WeakMap<object, string>();
  #used = 0;
  #nextKey = 0;

  constructor(engine: Engine, budget: MemoryBudget = new MemoryBudget()) {
    this.#engine = engine;
    this.#budget = budget;
  }

  /** The data of a key, where there is none yet filled into zeros, for the operation `where`. Throws OUT_OF_MEMORY before that. */
  get(key: string, byteLength: number, fill: (bytes: Uint8Array) => void, where?: string): Operand {
    const known = this.#places.get(key);
    if (known) return known;
    const place = this.#reserve(byteLength, where);
    fill(place.memory.bytes().subarray(place.byteOffset, place.byteOffset + byteLength));
    this.#places.set(key, place);
    return place;
  }

  /** A name for a tensor's data. That of scaled weights is made of the names of weights and factors. */
  keyOf(tensor: Tensor): string {
    if (tensor instanceof ScaledTensor)
      return [tensor.base, ...tensor.factors].map((part) => `${this.keyOf(part)}[${part.shape}]`).join("*");
    const data = tensor.isDeferred ? tensor : tensor.data;
    const known = this.#keys.get(data);
    if (known) return known;
    const key = `#${this.#nextKey++}`;
    this.#keys.set(data, key);
    return key;
  }

  get byteLength(): number {
    return this.#chunks.reduce((n, m) => n + m.byteLength, 0);
  }

  dispose(): void {
    for (const chunk of this.#chunks) chunk.dispose();
    this.#budget.give(this.byteLength);
    this.#chunks.length = 0;
    this.#places.clear();
  }

  #reserve(byteLength: number, where: string | undefined): Operand {
    const last = this.#chunks.at(-1);
    if (last && this.#used + byteLength <= last.byteLength) {
      const byteOffset = this.#used;
      this.#used += Math.ceil(byteLength / alignment) * alignment;
      return { memory: last, byteOffset, byteLength };
    }
    const least = Math.ceil(Math.max(1, byteLength) / alignment) * alignment;
    const grown = Math.max(least, Math.min(largestChunk, (last?.byteLength ?? smallestChunk / 2) * 2));
    const chunk = this.#budget.holds(grown) ? grown : least;
    this.#chunks.push(this.#budget.allocate(chunk, "constants", where, () => this.#engine.allocate(chunk)));
    this.#used = least;
    return { memory: this.#chunks[this.#chunks.length - 1], byteOffset: 0, byteLength };
  }
}
