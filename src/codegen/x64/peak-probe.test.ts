import { expect, it } from "vitest";
import type { X64Target } from "./instruction-buffer.ts";
import { measurePeak } from "./peak-probe.ts";
import { availableX64Targets } from "./x64-engine.ts";

it.each(["x64-avx2", "x64-avx512"] as const)("measures the multiply-add peak of %s where it runs", (target: X64Target) => {
  const peak = measurePeak(target);
  if (availableX64Targets().includes(target)) expect(peak).toBeGreaterThan(1);
  else expect(peak).toBeUndefined();
});
