import { nativeSystem } from "#platform/native";
import { Assembler } from "./assembler.ts";
import { CodeMemory } from "./code-memory.ts";
import { rax, rcx, rdi, rdx } from "./general-registers.ts";

export interface CpuFeatures {
  /** AVX2, FMA and F16C, and the system saves ymm registers. */
  readonly avx2: boolean;
  /** AVX-512 F, BW, DQ and VL, and the system saves zmm and mask registers. */
  readonly avx512: boolean;
}

/** CPUID leaves as (leaf, sub-leaf), and the results' places. */
const leaves = [
  [0, 0],
  [1, 0],
  [7, 0],
] as const;

/** `void probe(u64 out[])`: eax, ebx, ecx, edx of each leaf, then XCR0. */
function emitProbe(withXgetbv: boolean): Uint8Array {
  const a = new Assembler();
  const rbx = 3;
  const r8 = 8;
  a.op("push", 128, [rbx]);
  a.op("mov", 128, [r8, rdi]);
  for (const [i, [leaf, subLeaf]] of leaves.entries()) {
    a.op("mov.immD", 128, [rax, leaf]);
    a.op("mov.immD", 128, [rcx, subLeaf]);
    a.op("cpuid", 128, []);
    for (const [j, register] of [rax, rbx, rcx, rdx].entries())
      a.op("mov.store", 128, [{ base: r8, displacement: (i * 4 + j) * 8 }, register]);
  }
  if (withXgetbv) {
    a.op("mov.immD", 128, [rcx, 0]);
    a.op("xgetbv", 128, []);
    a.op("mov.store", 128, [{ base: r8, displacement: leaves.length * 32 }, rax]);
  }
  a.op("pop", 128, [rbx]);
  a.op("ret", 128, []);
  return a.finish();
}

let features: CpuFeatures | undefined;

/** What processor and system offer (SDM volume 1, 14.3 and 15.2). Nothing where native code cannot run. */
export function cpuFeatures(): CpuFeatures {
  features ??= probe();
  return features;
}

function probe(): CpuFeatures {
  const none = { avx2: false, avx512: false };
  const system = nativeSystem();
  if (!system) return none;
  const read = (withXgetbv: boolean): BigUint64Array => {
    const code = new CodeMemory(system, [emitProbe(withXgetbv)]);
    const out = system.map(system.pageBytes);
    const words = new BigUint64Array(system.view(out, system.pageBytes));
    system.function(code.addresses[0], 1)(out);
    const result = words.slice(0, leaves.length * 4 + 1);
    system.unmap(out, system.pageBytes);
    code.dispose();
    return result;
  };
  const bit = (word: bigint, ...bits: readonly number[]): boolean => bits.every((b) => ((word >> BigInt(b)) & 1n) === 1n);
  const basic = read(false);
  const [osxsave, avx, fma, f16c] = [27, 28, 12, 29];
  if (basic[0] < 7n || !bit(basic[6], osxsave, avx, fma, f16c)) return none;
  const leaf7 = basic[9];
  const xcr0 = read(true)[leaves.length * 4];
  const avx2 = bit(leaf7, 5) && bit(xcr0, 1, 2);
  return { avx2, avx512: avx2 && bit(leaf7, 16, 17, 30, 31) && bit(xcr0, 5, 6, 7) };
}
