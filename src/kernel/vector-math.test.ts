import { afterAll, describe, expect, test } from "vitest";
import { availableTargets, createEngine } from "../devices/cpu/target-selection.ts";
import { input } from "../model/scalar-expression.ts";
import { Sigmoid } from "../ops/elementwise/sigmoid.ts";
import { erf as exactErf } from "../ops/special-functions.ts";
import type { KernelBuilder } from "./builder.ts";
import { emitScalar } from "./emit-scalar.ts";
import type { Register } from "./kernel.ts";
import { evaluateOn, evenly, floatsBetween, ulpError } from "./vector-math.fixture.ts";
import * as math from "./vector-math.ts";

interface Case {
  readonly name: string;
  readonly f: (k: KernelBuilder, x: Register) => Register;
  readonly exact: (x: number) => number;
  /** Where the bound holds. */
  readonly samples: readonly Float32Array[];
  /** In units in the last place. */
  readonly bound: number;
}

const samples = 30_000;
const smallestNormal = 2 ** -126;
const largest = 3.4028234663852886e38;
const bothSigns = (values: Float32Array): Float32Array => Float32Array.from([...values, ...values.map((v) => -v)]);
const sigmoid = (k: KernelBuilder, x: Register): Register =>
  emitScalar(k, (Sigmoid.scalar as NonNullable<typeof Sigmoid.scalar>)([input(0)], {}), [x]);
const angles = [evenly(-100, 100, samples), evenly(-8191, 8191, samples), bothSigns(floatsBetween(0, 8191, samples))];

const cases: readonly Case[] = [
  {
    name: "exp",
    f: math.exp,
    exact: Math.exp,
    samples: [evenly(-87.33, 88.72, samples), evenly(-104, -87.33, samples), bothSigns(floatsBetween(0, 1, samples))],
    bound: 1.1,
  },
  {
    name: "log",
    f: math.log,
    exact: Math.log,
    samples: [floatsBetween(smallestNormal, largest, samples), floatsBetween(2 ** -149, smallestNormal, samples), evenly(0.5, 2, samples)],
    bound: 1,
  },
  {
    name: "tanh",
    f: math.tanh,
    exact: Math.tanh,
    samples: [evenly(-10, 10, samples), bothSigns(floatsBetween(0, largest, samples))],
    bound: 1.5,
  },
  {
    name: "erf",
    f: math.erf,
    exact: exactErf,
    samples: [evenly(-5, 5, samples), evenly(0.9, 1, samples), bothSigns(floatsBetween(0, largest, samples))],
    bound: 1.5,
  },
  // Below -88 the exponential overflows, and what would be subnormal is 0.
  {
    name: "sigmoid",
    f: sigmoid,
    exact: (x) => 1 / (1 + Math.exp(-x)),
    samples: [evenly(-87, 87, samples), bothSigns(floatsBetween(0, 87, samples))],
    bound: 2.5,
  },
  { name: "sin", f: math.sin, exact: Math.sin, samples: angles, bound: 2.5 },
  { name: "cos", f: math.cos, exact: Math.cos, samples: angles, bound: 2.5 },
  { name: "tan", f: math.tan, exact: Math.tan, samples: angles, bound: 4 },
  {
    name: "atan",
    f: math.atan,
    exact: Math.atan,
    samples: [evenly(-5, 5, samples), bothSigns(floatsBetween(0, largest, samples))],
    bound: 3,
  },
];

const special = [0, -0, Infinity, -Infinity, NaN, 2 ** -149, -(2 ** -149), 1e-40, -1e-40, smallestNormal, -smallestNormal, 1, -1];

const powers: readonly (readonly [x: number, y: number])[] = [
  ...[0, 5, -5, NaN, Infinity].map((x) => [x, 0] as const),
  ...[2, 3, 0.5, -1, -2].flatMap((y) => [[0, y] as const, [-0, y] as const]),
  ...[3, 4, -3, -4, 0.5, 1e9, Infinity].map((y) => [-2, y] as const),
  ...[2, 3, -2, -3].flatMap((y) => [[Infinity, y] as const, [-Infinity, y] as const]),
  ...[Infinity, -Infinity, NaN, 39, -47].flatMap((y) => [[10, y] as const, [0.1, -y] as const]),
  [NaN, 2],
  [-1, 16777217],
  [1, 100],
];

describe.each(availableTargets())("elementary functions on %s", (target) => {
  const engine = createEngine(target, 1);
  afterAll(() => engine.dispose());

  test.each(cases)("$name errs by at most $bound ULP", ({ name, f, exact, samples: ranges, bound }) => {
    for (const xs of ranges) {
      const got = evaluateOn(engine, name, f, [xs]);
      const errors = got.map((y, i) => ulpError(y, exact(xs[i])));
      const worst = errors.reduce((at, e, i) => (e > errors[at] ? i : at), 0);
      expect(errors[worst], `${name}(${xs[worst]}) = ${got[worst]}, exact ${exact(xs[worst])}`).toBeLessThanOrEqual(bound);
    }
  });

  test.each(cases)("$name of special values", ({ name, f, exact, bound }) => {
    const got = evaluateOn(engine, name, f, [Float32Array.from(special)]);
    for (const [i, x] of special.map(Math.fround).entries()) {
      const wanted = exact(x);
      expect(ulpError(got[i], wanted), `${name}(${x}) = ${got[i]}, exact ${wanted}`).toBeLessThanOrEqual(bound);
      if (wanted === 0) expect(got[i], `the sign of ${name}(${Object.is(x, -0) ? "-0" : x})`).toBe(Math.fround(wanted));
    }
  });

  test("exp ends at 0 and infinity", () => {
    const xs = Float32Array.of(-103.97, -104.5, -200, -largest, 88.72, 88.73, 89, largest);
    const got = evaluateOn(engine, "exp", math.exp, [xs]);
    expect([...got].map((y) => (y === 0 ? "zero" : y === Infinity ? "infinite" : "between")).join(" ")).toBe(
      "between zero zero zero between infinite infinite infinite",
    );
  });

  test.each([
    ["sin", math.sin],
    ["cos", math.cos],
  ] as const)("%s stays within [-1, 1] for any finite angle", (name, f) => {
    const got = evaluateOn(engine, name, f, [bothSigns(floatsBetween(1, largest, samples))]);
    expect(got.findIndex((y) => !(Math.abs(y) <= 1))).toBe(-1);
  });

  test("log of negative numbers is NaN", () => {
    expect([...evaluateOn(engine, "log", math.log, [Float32Array.of(-1, -1e-40, -largest)])]).toEqual([NaN, NaN, NaN]);
  });

  test("pow errs by at most 1.5 + 2.5 |y log x| ULP", () => {
    const pairs = [...floatsBetween(1e-30, 1e30, 500)]
      .flatMap((x) => [...evenly(-8, 8, 97)].map((y) => [x, y] as const))
      .filter(([x, y]) => Math.abs(y * Math.log(x)) < 87);
    const [xs, ys] = [0, 1].map((i) => Float32Array.from(pairs, (p) => p[i]));
    const got = evaluateOn(engine, "pow", math.pow, [xs, ys]);
    for (const [i, [x, y]] of pairs.entries()) {
      const bound = 1.5 + 2.5 * Math.abs(y * Math.log(x));
      if (!(ulpError(got[i], x ** y) <= bound)) expect.fail(`${x} ** ${y} = ${got[i]}, exact ${x ** y}, bound ${bound} ULP`);
    }
  });

  test("pow of special values", () => {
    const [xs, ys] = [0, 1].map((i) => Float32Array.from(powers, (p) => p[i]));
    const got = evaluateOn(engine, "pow", math.pow, [xs, ys]);
    for (const [i, x] of xs.entries()) {
      const wanted = x ** ys[i];
      const close = Object.is(got[i], Math.fround(wanted)) || (wanted !== 0 && Math.abs(got[i] / wanted - 1) < 1e-5);
      expect(close, `${Object.is(x, -0) ? "-0" : x} ** ${ys[i]} = ${got[i]}, wanted ${wanted}`).toBe(true);
    }
  });
});
