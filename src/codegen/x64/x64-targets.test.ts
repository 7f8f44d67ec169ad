import { expect, it } from "vitest";
import { vectorCosts } from "../../kernel/target.ts";
import { type CpuFeatures, cpuFeatures } from "./cpu-features.ts";
import { availableX64Targets, describeX64Target, leastFeatures } from "./x64-targets.ts";

const all: CpuFeatures = {
  avx2: true,
  avx512: true,
  avx512Vnni: true,
  avxVnni: true,
  avx512Bf16: true,
  cache: { l1: 49152, l2: 2097152, l3: 2 ** 25 },
};

it.each([
  ["x64-avx512", all, "native", "native"],
  ["x64-avx2", all, "native", "sequence"],
  ["x64-avx512", { ...all, avx512Vnni: false, avx512Bf16: false }, "sequence", "sequence"],
  ["x64-avx2", { ...all, avxVnni: false }, "sequence", "sequence"],
] as const)("describes %s by what the processor has", (name, features, dotU8I8, dotBf16) => {
  expect(describeX64Target(name, features)).toMatchObject({ name, dotU8I8, dotBf16, cache: features.cache });
});

it("describes caches that the processor does not tell by what all have", () => {
  const { cache } = describeX64Target("x64-avx2", leastFeatures);
  expect(cache.l1).toBeGreaterThan(0);
  expect(cache.l2).toBeGreaterThan(cache.l1);
});

it("finds costs by width: those of the narrowest entry that is as wide", () => {
  const target = describeX64Target("x64-avx512", all);
  expect([1, 4, 8, 16].map((lanes) => vectorCosts(target, lanes).lanes)).toEqual([8, 8, 8, 16]);
});

it.skipIf(availableX64Targets().length === 0)("reads caches that grow from level to level off this processor", () => {
  const { l1, l2, l3 } = cpuFeatures().cache;
  expect(l1 === 0 || (l1 >= 4096 && l1 % 64 === 0 && l2 > l1)).toBe(true);
  expect(l3 === 0 || l3 > l2).toBe(true);
});
