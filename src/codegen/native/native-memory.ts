import { memoryLimit } from "#platform/memory";
import { VintnerError } from "../../common/errors.ts";
import type { Memory } from "../../kernel/engine.ts";
import type { NativeSystem } from "../../platform/native-system.ts";

interface Mapping {
  readonly system: NativeSystem;
  readonly base: bigint;
  readonly bytes: number;
}

const release = ({ system, base, bytes }: Mapping): void => system.unmap(base, bytes);

/** Unmaps blocks whose ArrayBuffer nobody holds any more. */
const abandoned = new FinalizationRegistry<Mapping>(release);

const alignment = 64;
const largePageBytes = 2 ** 21;

/** Most bytes that a block can have: those that the process may hold, and that JavaScript can view at once. */
export const largestBlock = (system: NativeSystem): number => Math.min(memoryLimit(), system.largestView - alignment);

/** A block between two guard pages. It ends at the upper one, as far as the alignment permits: what reads beyond it faults. */
export class NativeMemory implements Memory {
  readonly address: bigint;
  readonly byteLength: number;
  #bytes: Uint8Array;
  #mapping: Mapping | undefined;
  readonly #key = {};

  constructor(system: NativeSystem, byteLength: number) {
    const most = largestBlock(system);
    if (!Number.isSafeInteger(byteLength) || byteLength < 0 || byteLength > most)
      throw new VintnerError("OUT_OF_MEMORY", {
        what: "a block of memory of this size cannot be allocated",
        expected: `at most ${most} bytes`,
        got: `${byteLength} bytes`,
      });
    const page = system.pageBytes;
    const used = Math.max(alignment, Math.ceil(byteLength / alignment) * alignment);
    const pages = Math.ceil(used / page) * page;
    const bytes = pages + 2 * page;
    const base = system.map(bytes);
    const mapping = { system, base, bytes };
    try {
      system.protect(base, page, "none");
      system.protect(base + BigInt(page + pages), page, "none");
      if (pages >= 2 * largePageBytes) system.adviseLargePages(base + BigInt(page), pages);
      this.address = base + BigInt(page + pages - used);
      const buffer = system.view(this.address, used);
      this.#bytes = new Uint8Array(buffer, 0, byteLength);
      abandoned.register(buffer, mapping, this.#key);
    } catch (error) {
      release(mapping);
      throw error;
    }
    this.byteLength = byteLength;
    this.#mapping = mapping;
  }

  bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Views on the block must not be used afterwards. */
  dispose(): void {
    if (!this.#mapping) return;
    abandoned.unregister(this.#key);
    release(this.#mapping);
    this.#mapping = undefined;
    this.#bytes = new Uint8Array(0);
  }
}
