import { expect, test } from "vitest";
import { add, exp, input, max, mul, type ScalarExpression } from "../../../model/scalar-expression.ts";
import { isCostly } from "./epilogue.ts";

test("tells elementary functions from what takes few instructions", () => {
  expect(isCostly(mul(max(add(input(0), 3), 0), 0.5))).toBe(false);
  expect(isCostly(mul(input(0), add(exp(input(1)), 1)))).toBe(true);
});

test("looks at what occurs many times once", () => {
  let e: ScalarExpression = input(0);
  for (let i = 0; i < 100; i++) e = mul(e, e);
  expect(isCostly(e)).toBe(false);
});
