import { expect, test } from "vitest";
import { add, constant, formatScalar, input, max, mul, type ScalarExpression, select, lt } from "./scalar-expression.ts";

test("formatScalar writes calls, and what occurs several times once", () => {
  expect(formatScalar(max(add(input(0), 3), 0))).toBe("max(add(x0, 3), 0)");
  expect(formatScalar(select(lt(input(0), 0), input(1), constant(-0)))).toBe("select(lt(x0, 0), x1, -0)");
  const sum = add(input(0), input(1));
  const square = mul(sum, sum);
  expect(formatScalar(square)).toBe("t0 = add(x0, x1); mul(t0, t0)");
  expect(formatScalar(add(square, mul(square, sum)))).toBe("t0 = add(x0, x1); t1 = mul(t0, t0); add(t1, mul(t1, t0))");
});

test("formatScalar's text is as long as the expression has parts", () => {
  let e: ScalarExpression = input(0);
  for (let i = 0; i < 100; i++) e = mul(e, e);
  expect(formatScalar(e).length).toBeLessThan(3000);
});
