import { nativeSystem } from "#platform/native";
import { Assembler } from "./assembler.ts";
import { CodeMemory } from "../native/code-memory.ts";
import { rax, rcx, rdi, rdx } from "./general-registers.ts";

export interface CpuFeatures {
  /** AVX2, FMA and F16C, and the system saves ymm registers. */
  readonly avx2: boolean;
  /** AVX-512 F, BW, DQ and VL, and the system saves zmm and mask registers. */
  readonly avx512: boolean;
  /** Dot products of bytes in vectors of 512 bits and less (AVX512-VNNI), and in those of 256 (AVX-VNNI). */
  readonly avx512Vnni: boolean;
  readonly avxVnni: boolean;
  /** Dot products of bf16. */
  readonly avx512Bf16: boolean;
  /** Bytes of the data caches, 0 where the processor does not say: the core's two, and the one that it shares. */
  readonly cache: { readonly l1: number; readonly l2: number; readonly l3: number };
}

/** A leaf of CPUID and its sub-leaf. */
type Leaf = readonly [leaf: number, subLeaf: number];

/** `void probe(u64 out[])`: eax, ebx, ecx, edx of each leaf, then XCR0. */
function emitProbe(leaves: readonly Leaf[], withXgetbv: boolean): Uint8Array {
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

const none: CpuFeatures = {
  avx2: false,
  avx512: false,
  avx512Vnni: false,
  avxVnni: false,
  avx512Bf16: false,
  cache: { l1: 0, l2: 0, l3: 0 },
};

/** Registers by their position in the answer to a leaf. */
const [eax, ebx, ecx] = [0, 1, 2];
const extended = 0x8000_0000;
/** Deterministic cache parameters: Intel's leaf, and AMD's of the same layout (APM volume 3, E.4.15). */
const [intelCaches, amdCaches] = [4, 0x8000_001d];
/** Caches that are asked for: no processor lists more. */
const mostCaches = 6;

function probe(): CpuFeatures {
  const system = nativeSystem();
  if (!system) return none;
  const read = (leaves: readonly Leaf[], withXgetbv = false): { word(leaf: number, register: number): number; xcr0: number } => {
    const code = new CodeMemory(system, [emitProbe(leaves, withXgetbv)]);
    const out = system.map(system.pageBytes);
    const words = new BigUint64Array(system.view(out, system.pageBytes));
    system.function(code.addresses[0], 1)(out);
    const result = Array.from(words.subarray(0, leaves.length * 4 + 1), (w) => Number(w & 0xffff_ffffn));
    system.unmap(out, system.pageBytes);
    code.dispose();
    return { word: (leaf, register) => result[leaf * 4 + register], xcr0: result[leaves.length * 4] };
  };
  const bit = (word: number, ...bits: readonly number[]): boolean => bits.every((b) => ((word >>> b) & 1) === 1);
  const basic = read([
    [0, 0],
    [1, 0],
    [7, 0],
    [extended, 0],
  ]);
  const [osxsave, avx, fma, f16c] = [27, 28, 12, 29];
  if (basic.word(0, eax) < 7 || !bit(basic.word(1, ecx), osxsave, avx, fma, f16c)) return none;
  const { xcr0 } = read([], true);
  const avx2 = bit(basic.word(2, ebx), 5) && bit(xcr0, 1, 2);
  const avx512 = avx2 && bit(basic.word(2, ebx), 16, 17, 30, 31) && bit(xcr0, 5, 6, 7);
  // The first sub-leaf says how many there are.
  const second = basic.word(2, eax) >= 1 ? read([[7, 1]]).word(0, eax) : 0;
  const listed = [...(basic.word(0, eax) >= intelCaches ? [intelCaches] : []), ...(basic.word(3, eax) >= amdCaches ? [amdCaches] : [])];
  return {
    avx2,
    avx512,
    avx512Vnni: avx512 && bit(basic.word(2, ecx), 11),
    avxVnni: avx2 && bit(second, 4),
    avx512Bf16: avx512 && bit(second, 5),
    cache: listed.map((leaf) => cachesOf(leaf)).find(({ l1 }) => l1 > 0) ?? none.cache,
  };

  function cachesOf(leaf: number): CpuFeatures["cache"] {
    const { word } = read(Array.from({ length: mostCaches }, (_, i) => [leaf, i]));
    const bytes = [0, 0, 0, 0];
    for (let i = 0; i < mostCaches; i++) {
      const type = word(i, eax) & 31;
      if (type === 0) break;
      const level = (word(i, eax) >>> 5) & 7;
      const shape = word(i, ebx);
      const size = ((shape >>> 22) + 1) * (((shape >>> 12) & 1023) + 1) * ((shape & 4095) + 1) * (word(i, ecx) + 1);
      const isInstructions = type === 2;
      if (!isInstructions && level < bytes.length) bytes[level] = size;
    }
    return { l1: bytes[1], l2: bytes[2], l3: bytes[3] };
  }
}
