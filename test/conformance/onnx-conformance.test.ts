import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type ConformanceCase, conformanceFolder, listCases } from "./conformance-case.ts";
import { runCase } from "./run-case.ts";
import { skippedCases, skippedOperators } from "./skips.ts";

/** Devices that must give what ONNX's tests say. */
const devices = ["REFERENCE", "CPU"];

const present = existsSync(conformanceFolder);
const cases = present ? listCases() : [];

function skipReason(testCase: ConformanceCase, device: string): string | undefined {
  const operator = [...testCase.operators].find((o) => skippedOperators.has(o));
  return operator === undefined
    ? skippedCases.find(({ name, device: only }) => (only === undefined || only === device) && name.test(testCase.name))?.reason
    : `${operator}: ${skippedOperators.get(operator)}`;
}

for (const device of devices)
  describe.skipIf(!present)(`ONNX operator tests on ${device}${present ? "" : " (skipped: ../shared/onnx-conformance is absent)"}`, () => {
    for (const group of new Set(cases.map((c) => c.group))) {
      const members = cases.filter((c) => c.group === group);
      test(`${group} (${members.length})`, (context) => {
        const failures: string[] = [];
        const reasons = new Set<string>();
        for (const member of members) {
          const reason = skipReason(member, device);
          const wrong = runCase(member, device);
          if (reason !== undefined) reasons.add(reason);
          if (reason === undefined && wrong !== undefined) failures.push(`${member.name}: ${wrong}`);
          if (reason !== undefined && wrong === undefined) failures.push(`${member.name} passes: take it off the skip list (${reason})`);
        }
        expect(failures).toEqual([]);
        if (members.every((m) => skipReason(m, device) !== undefined)) context.skip([...reasons].join("; "));
      });
    }

    test("the skip list names no operator or case that is not there", () => {
      const operators = new Set(cases.flatMap((c) => [...c.operators]));
      expect([...skippedOperators.keys()].filter((o) => !operators.has(o))).toEqual([]);
      expect(skippedCases.filter(({ name }) => !cases.some((c) => name.test(c.name)))).toEqual([]);
    });
  });
