import { describe, expect, it } from "vitest";
import { KernelBuilder } from "../../kernel/builder.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { targets } from "../../kernel/targets.fixture.ts";
import { vectorFeatures } from "./features.ts";
import { installLibrary, KernelLibraries, type KernelLibrary } from "./kernel-library.ts";

const target = targets["wasm-simd"];

/** A kernel that stores a number. */
function constantKernel(value: number): Kernel {
  const k = new KernelBuilder(`constant ${value}`, target);
  k.store(k.buffer("y", "f32", 4, "write"), 0, k.constant(value));
  return k.build({ key: `${value}` });
}

function libraries() {
  const added: KernelLibrary[] = [];
  const removed: KernelLibrary[] = [];
  const made = new KernelLibraries(
    target,
    vectorFeatures("wasm-simd"),
    { minimum: 1, maximum: 1, shared: false },
    { onAdd: (library) => added.push(library), onRemove: (library) => removed.push(library) },
  );
  return { made, added, removed };
}

describe("KernelLibraries", () => {
  it("compiles each key once and gives it one place", () => {
    const { made, added } = libraries();
    const [a, b, c] = [1, 2, 3].map(constantKernel);
    const first = made.use([a, b, a]);
    const second = made.use([constantKernel(2), c]);
    expect(added.map((l) => l.keys.length)).toEqual([2, 1]);
    expect(second.indexOf(b)).toBe(first.indexOf(b));
    expect(new Set([first.indexOf(a), first.indexOf(b), second.indexOf(c)]).size).toBe(3);
  });

  it("keeps idle kernels for a while and lets the longest idle go", () => {
    const { made, added, removed } = libraries();
    const programs = Array.from({ length: 9 }, (_, p) => Array.from({ length: 64 }, (_, i) => constantKernel(p * 64 + i)));
    const uses = programs.map((kernels) => made.use(kernels));
    expect(added).toHaveLength(9);
    for (const use of uses.slice(0, 8)) {
      use.release();
      use.release();
    }
    // The first is wanted again, so that the second has been idle longest.
    made.use(programs[0]).release();
    expect(removed).toEqual([]);
    uses[8].release();
    expect(removed).toEqual([added[1]]);
    const again = made.use(programs[1]);
    expect(added).toHaveLength(10);
    expect(again.indexOf(programs[1][0])).toBe(9 * 64);
  });

  it("has no library that could not be installed, and lets the ones before it go as idle", () => {
    const removed: KernelLibrary[] = [];
    const table = new WebAssembly.Table({ element: "anyfunc", initial: 0 });
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    let installations = 0;
    const made = new KernelLibraries(
      target,
      vectorFeatures("wasm-simd"),
      { minimum: 1, maximum: 1, shared: false },
      {
        onAdd: (library) => {
          // The table has grown already where an instance cannot be made.
          const imports = installations++ === 1 ? {} : { env: { memory, table } };
          installLibrary(library, table, imports);
        },
        onRemove: (library) => removed.push(library),
      },
    );
    const kernels = Array.from({ length: 600 }, (_, i) => constantKernel(i));
    expect(() => made.use(kernels)).toThrow();
    const use = made.use(kernels);
    for (const kernel of kernels) expect(table.get(use.indexOf(kernel))).toBeInstanceOf(Function);
    expect(new Set(kernels.map((k) => use.indexOf(k))).size).toBe(600);
    use.release();
    expect(removed).toHaveLength(2);
  });

  it("warms kernels without a task of theirs being run", () => {
    const { made, added } = libraries();
    const use = made.use([constantKernel(1)]);
    const table = new WebAssembly.Table({ element: "anyfunc", initial: 0 });
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    const words = new Uint32Array(memory.buffer);
    // The operand's address: far behind the memory's end.
    words[0] = 2 ** 31;
    installLibrary(added[0], table, { env: { memory, table } }).warm();
    const kernel = table.get(use.indexOf(constantKernel(1))) as (operands: number, begin: number, end: number) => void;
    expect(() => kernel(0, 0, 1)).toThrow("out of bounds");
  });

  it("cuts what is too large for one module", () => {
    const { made, added } = libraries();
    made.use(Array.from({ length: 130 }, (_, i) => constantKernel(i)));
    expect(added.map(({ base, keys }) => [base, keys.length])).toEqual([
      [0, 64],
      [64, 64],
      [128, 2],
    ]);
  });
});
