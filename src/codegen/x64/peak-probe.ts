import { nativeSystem } from "#platform/native";
import { Assembler } from "./assembler.ts";
import { CodeMemory } from "../native/code-memory.ts";
import { rdi } from "./general-registers.ts";
import type { X64Target } from "./instruction-buffer.ts";
import { availableX64Targets } from "./x64-targets.ts";

/** Chains of multiply-adds: enough to hide the latency of two units. */
const chains = 12;
const repeats = 4;

/** `void probe(int64 rounds)`: chains * repeats multiply-adds on registers in each round. */
function emitProbe(target: X64Target): Uint8Array {
  const a = new Assembler();
  const width = target === "x64-avx512" ? 512 : 256;
  for (let r = 0; r < 16; r++) a.op("vxorps", 128, [r, r, r]);
  a.align(64);
  const head = a.label();
  a.bind(head);
  for (let i = 0; i < chains * repeats; i++) a.op("vfmadd231ps", width, [i % chains, 12 + (i % 2), 14 + (i % 2)]);
  a.op("sub.b", 128, [rdi, 1]);
  a.jumpIf("ne", head);
  a.op("vzeroupper", 128, []);
  a.op("ret", 128, []);
  return a.finish();
}

/** The most GFLOP/s that one thread reaches on multiply-adds in registers: what a kernel's share is of. Takes about 50 ms; undefined where the target does not run. */
export function measurePeak(target: X64Target): number | undefined {
  const system = nativeSystem();
  if (!system || !availableX64Targets().includes(target)) return undefined;
  const code = new CodeMemory(system, [emitProbe(target)]);
  const probe = system.function(code.addresses[0], 1);
  const rounds = 50_000;
  let best = Number.POSITIVE_INFINITY;
  const deadline = performance.now() + 50;
  do {
    const start = performance.now();
    probe(rounds);
    best = Math.min(best, performance.now() - start);
  } while (performance.now() < deadline);
  code.dispose();
  const lanes = target === "x64-avx512" ? 16 : 8;
  return (2 * lanes * chains * repeats * rounds) / best / 1e6;
}
