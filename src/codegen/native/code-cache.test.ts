import fc from "fast-check";
import { expect, it } from "vitest";
import { KernelBuilder } from "../../kernel/builder.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { targets } from "../../kernel/targets.fixture.ts";
import type { NativeSystem } from "../../platform/native-system.ts";
import { x64Emitter } from "../x64/x64-engine.ts";
import { type CachedCode, CodeCache } from "./code-cache.ts";

/** Memory in JavaScript that fails on any use of what is not mapped. */
class FakeSystem implements NativeSystem {
  readonly pageBytes = 4096;
  readonly hasFutex = false;
  readonly largestView = 2 ** 32;
  readonly mapped = new Map<bigint, ArrayBuffer>();
  #next = 4096n;

  map(bytes: number): bigint {
    const address = this.#next;
    this.#next += BigInt(bytes);
    this.mapped.set(address, new ArrayBuffer(bytes));
    return address;
  }
  unmap(address: bigint, bytes: number): void {
    expect(this.mapped.get(address)?.byteLength).toBe(bytes);
    this.mapped.delete(address);
  }
  protect(address: bigint): void {
    expect(this.mapped.has(address)).toBe(true);
  }
  view(address: bigint): ArrayBuffer {
    return this.mapped.get(address) as ArrayBuffer;
  }
  has(address: bigint): boolean {
    return [...this.mapped].some(([base, { byteLength }]) => address >= base && address < base + BigInt(byteLength));
  }
  adviseLargePages(): void {}
  function(): never {
    throw new Error("code does not run here");
  }
  startThread(): never {
    throw new Error("threads do not start here");
  }
  joinThread(): void {}
}

const kernels: readonly Kernel[] = Array.from({ length: 6 }, (_, i) => {
  const k = new KernelBuilder(`store${i}`, targets["x64-avx2"]);
  k.store(k.buffer("y", "f32", 8, "write"), 0, k.constant(i));
  return k.build({ key: `store ${i}` });
});

it("keeps the code of each kernel once, as long as someone uses it", () => {
  const action = fc.record({ kernels: fc.array(fc.nat({ max: kernels.length - 1 }), { maxLength: 5 }), release: fc.nat({ max: 20 }) });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 25 }), (actions) => {
      const system = new FakeSystem();
      const cache = new CodeCache(system, x64Emitter("x64-avx2"));
      const held: { keys: readonly string[]; code: readonly CachedCode[] }[] = [];
      for (const { kernels: wanted, release } of actions) {
        if (release < held.length) cache.release(held.splice(release, 1)[0].code);
        const keys = wanted.map((i) => kernels[i].key);
        held.push({ keys, code: cache.acquire(wanted.map((i) => kernels[i])) });
        const addresses = new Map<string, bigint>();
        for (const { keys: expected, code } of held)
          for (const [i, { key, address }] of code.entries()) {
            expect(key).toBe(expected[i]);
            expect(system.has(address)).toBe(true);
            expect(addresses.get(key) ?? address).toBe(address);
            addresses.set(key, address);
          }
        expect(new Set(addresses.values()).size).toBe(addresses.size);
      }
      for (const { code } of held) cache.release(code);
      expect(system.mapped.size).toBe(0);
    }),
    { numRuns: 100 },
  );
});

it("frees everything at its end, whatever is released afterwards", () => {
  const system = new FakeSystem();
  const cache = new CodeCache(system, x64Emitter("x64-avx2"));
  const [a, b] = [cache.acquire(kernels.slice(0, 3)), cache.acquire(kernels.slice(2, 5))];
  cache.release(a);
  expect(system.mapped.size).toBe(2);
  cache.dispose();
  expect(system.mapped.size).toBe(0);
  cache.release(b);
});
