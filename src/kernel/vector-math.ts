import type { KernelBuilder } from "./builder.ts";
import type { Register } from "./kernel.ts";

/**
 * Elementary functions as polynomials in the kernel language, after the single-precision routines of the Cephes
 * Mathematical Library (S. Moshier). Error bounds, tested over the range on every target, in units in the last place of
 * the result: exp 1.1 and log 1, subnormals included; tanh and erf 1.5; atan 3; sin and cos 2.5, tan 4 for |x| < 8192,
 * beyond that no digit is sure; pow is exp(y log x) with 1.5 + 2.5 |y log x|.
 */
type Unary = (k: KernelBuilder, x: Register) => Register;

const c = (k: KernelBuilder, x: Register, value: number): Register => k.constant(value, { lanes: x.lanes });
const ci = (k: KernelBuilder, x: Register, value: number): Register => k.constant(value, { lanes: x.lanes, element: "i32" });

/** Horner's scheme; coefficients from the highest power down. */
function polynomial(k: KernelBuilder, x: Register, coefficients: readonly number[]): Register {
  let sum = c(k, x, coefficients[0]);
  for (const a of coefficients.slice(1)) sum = k.fma(sum, x, c(k, x, a));
  return sum;
}

/** 2^n * x for integral n as f32, -127 < n < 128. */
function scaleByPower(k: KernelBuilder, x: Register, n: Register): Register {
  const exponent = k.compute("shiftLeft", [k.add(k.compute("toI32", [n]), ci(k, n, 127))], 23);
  return k.mul(x, k.compute("asF32", [exponent]));
}

/** e^x: subnormal below -87.3, 0 below -104, infinity above 88.72. */
export const exp: Unary = (k, input) => {
  const x = k.max(c(k, input, -105), k.min(c(k, input, 88.8), input));
  const n = k.compute("round", [k.mul(x, c(k, x, Math.LOG2E))]);
  const r = k.fma(n, c(k, x, 2.1219444e-4), k.fma(n, c(k, x, -0.693359375), x));
  const p = polynomial(k, r, [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1]);
  const y = k.add(k.fma(p, k.mul(r, r), r), c(k, x, 1));
  // In two factors, so that neither 2^128 nor a power below 2^-126 is needed.
  const half = k.compute("round", [k.mul(n, c(k, x, 0.5))]);
  return scaleByPower(k, scaleByPower(k, y, half), k.sub(n, half));
};

/** Natural logarithm: -infinity at 0, NaN below. */
export const log: Unary = (k, input) => {
  const tiny = k.compute("lt", [input, c(k, input, 1.17549435e-38)]);
  const x = k.select(tiny, k.mul(input, c(k, input, 8388608)), input);
  const bits = k.compute("asI32", [x]);
  const exponent = k.compute("toF32", [k.sub(k.compute("shiftRight", [bits], 23), ci(k, x, 126))]);
  const mantissa = k.compute("asF32", [k.compute("or", [k.compute("and", [bits, ci(k, x, 0x7fffff)]), ci(k, x, 0x3f000000)])]);
  const low = k.compute("lt", [mantissa, c(k, x, Math.SQRT1_2)]);
  const zero = c(k, x, 0);
  const e = k.sub(k.sub(exponent, k.select(low, c(k, x, 1), zero)), k.select(tiny, c(k, x, 23), zero));
  const f = k.sub(k.add(mantissa, k.select(low, mantissa, zero)), c(k, x, 1));
  const z = k.mul(f, f);
  const p = polynomial(
    k,
    f,
    [
      7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1,
      -2.4999993993e-1, 3.3333331174e-1,
    ],
  );
  let y = k.mul(k.mul(p, f), z);
  y = k.fma(e, c(k, x, -2.1219444e-4), y);
  y = k.fma(z, c(k, x, -0.5), y);
  const result = k.fma(e, c(k, x, 0.693359375), k.add(f, y));
  const positive = k.compute("gt", [input, zero]);
  const finite = k.compute("lt", [input, c(k, x, Infinity)]);
  const atZero = k.select(k.compute("eq", [input, zero]), c(k, x, -Infinity), c(k, x, NaN));
  return k.select(positive, k.select(finite, result, c(k, x, Infinity)), atZero);
};

/** A magnitude with the sign of x, that of -0 included. */
function withSignOf(k: KernelBuilder, x: Register, magnitude: Register): Register {
  const sign = k.compute("and", [k.compute("asI32", [x]), ci(k, x, -0x80000000)]);
  return k.compute("asF32", [k.compute("or", [k.compute("asI32", [magnitude]), sign])]);
}

export const tanh: Unary = (k, x) => {
  const a = k.compute("abs", [x]);
  const z = k.mul(a, a);
  const near = k.fma(
    k.mul(polynomial(k, z, [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1]), z),
    a,
    a,
  );
  const one = c(k, x, 1);
  const far = k.sub(one, k.div(c(k, x, 2), k.add(exp(k, k.add(a, a)), one)));
  return withSignOf(k, x, k.select(k.compute("lt", [a, c(k, x, 0.625)]), near, far));
};

/** x + x p(x^2) near 0, 1 - e^q(|x|) beyond, where q approximates log(1 - erf) (after N. Juffa). */
export const erf: Unary = (k, x) => {
  const a = k.compute("abs", [x]);
  const z = k.mul(a, a);
  const near = k.fma(polynomial(k, z, [-5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1]), a, a);
  const q = polynomial(k, a, [-1.7285347e-5, 3.83197126e-4, -3.88396438e-3, 2.42546219e-2, -1.06777877e-1, -6.34846687e-1, -1.28717512e-1]);
  const far = k.sub(c(k, x, 1), exp(k, k.fma(q, a, k.compute("neg", [a]))));
  return withSignOf(k, x, k.select(k.compute("lt", [a, c(k, x, 0.927734375)]), near, far));
};

/**
 * sin(x + quarter * pi / 2): reduction by pi/2 in four parts, of which the first three have so few bits that their products
 * with multiples below 2^13 are exact.
 */
function sineOfQuarter(k: KernelBuilder, x: Register, quarter: number): Register {
  const n = k.compute("round", [k.mul(x, c(k, x, 2 / Math.PI))]);
  let r = x;
  for (const part of [1.5703125, 4.837512969970703e-4, 7.549533620476723e-8, 2.5633440682570896e-12]) r = k.fma(n, c(k, x, -part), r);
  // Where the multiple is too large for the reduction the result is some sine: in [-1, 1], and NaN for infinity only.
  r = k.max(c(k, x, -1), k.min(c(k, x, 1), r));
  const q = k.add(k.compute("toI32", [n]), ci(k, x, quarter));
  const z = k.mul(r, r);
  const sine = k.fma(k.mul(polynomial(k, z, [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]), z), r, r);
  const cosine = k.add(
    k.fma(z, c(k, x, -0.5), k.mul(k.mul(polynomial(k, z, [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2]), z), z)),
    c(k, x, 1),
  );
  const odd = k.compute("ne", [k.compute("and", [q, ci(k, x, 1)]), ci(k, x, 0)]);
  const value = k.select(odd, cosine, sine);
  const negative = k.compute("ne", [k.compute("and", [q, ci(k, x, 2)]), ci(k, x, 0)]);
  return k.select(negative, k.compute("neg", [value]), value);
}

/** The reduction loses the sign of -0. */
export const sin: Unary = (k, x) => k.select(k.compute("eq", [x, c(k, x, 0)]), x, sineOfQuarter(k, x, 0));
export const cos: Unary = (k, x) => sineOfQuarter(k, x, 1);
export const tan: Unary = (k, x) => k.div(sin(k, x), cos(k, x));

export const atan: Unary = (k, x) => {
  const a = k.compute("abs", [x]);
  const one = c(k, x, 1);
  const far = k.compute("gt", [a, c(k, x, 2.414213562373095)]);
  const middle = k.compute("gt", [a, c(k, x, 0.414213562373095)]);
  const reduced = k.select(far, k.div(c(k, x, -1), a), k.select(middle, k.div(k.sub(a, one), k.add(a, one)), a));
  const start = k.select(far, c(k, x, Math.PI / 2), k.select(middle, c(k, x, Math.PI / 4), c(k, x, 0)));
  const z = k.mul(reduced, reduced);
  const y = k.add(
    start,
    k.fma(k.mul(polynomial(k, z, [8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1]), z), reduced, reduced),
  );
  return withSignOf(k, x, y);
};

/** x^y. A negative base gives NaN unless y is an integer. */
export function pow(k: KernelBuilder, x: Register, y: Register): Register {
  const zero = c(k, x, 0);
  const magnitude = exp(k, k.mul(y, log(k, k.compute("abs", [x]))));
  const half = k.mul(y, c(k, x, 0.5));
  const odd = k.compute("ne", [k.compute("floor", [half]), half]);
  const integral = k.compute("eq", [k.compute("floor", [y]), y]);
  const signed = k.select(odd, withSignOf(k, x, magnitude), magnitude);
  const ofFraction = k.select(k.compute("lt", [x, zero]), c(k, x, NaN), magnitude);
  const result = k.select(integral, signed, ofFraction);
  return k.select(k.compute("eq", [y, zero]), c(k, x, 1), result);
}
