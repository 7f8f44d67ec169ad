import type { KernelBuilder } from "./builder.ts";
import type { Register } from "./kernel.ts";

/**
 * Elementary functions as polynomials in the kernel language, after the single-precision routines of the Cephes
 * Mathematical Library (S. Moshier). Error bounds, tested over the range: exp 2 ULP, log 2 ULP, tanh 3 ULP,
 * sin and cos 2 ULP for |x| < 8192, erf 3 ULP, atan 3 ULP; pow is exp(y log x) and loses log2|y log x| bits.
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

export const tanh: Unary = (k, x) => {
  const z = k.mul(x, x);
  const near = k.fma(
    k.mul(polynomial(k, z, [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1]), z),
    x,
    x,
  );
  const one = c(k, x, 1);
  const far = k.sub(one, k.div(c(k, x, 2), k.add(exp(k, k.add(x, x)), one)));
  return k.select(k.compute("lt", [k.compute("abs", [x]), c(k, x, 0.625)]), near, far);
};

/** Beyond |x| = 1 by Abramowitz and Stegun 7.1.26. */
export const erf: Unary = (k, x) => {
  const z = k.mul(x, x);
  const near = k.mul(
    x,
    polynomial(
      k,
      z,
      [
        7.853861353153693e-5, -8.010193625184903e-4, 5.188327685732524e-3, -2.685381193529856e-2, 1.12835851486e-1, -3.7612625824233e-1,
        1.12837916572671,
      ],
    ),
  );
  const a = k.compute("abs", [x]);
  const one = c(k, x, 1);
  const t = k.div(one, k.fma(a, c(k, x, 0.3275911), one));
  const p = k.mul(t, polynomial(k, t, [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592]));
  const magnitude = k.sub(one, k.mul(p, exp(k, k.compute("neg", [z]))));
  const far = k.select(k.compute("lt", [x, c(k, x, 0)]), k.compute("neg", [magnitude]), magnitude);
  return k.select(k.compute("lt", [a, one]), near, far);
};

/** sin(x + quarter * pi / 2): reduction by pi/2 in three parts. */
function sineOfQuarter(k: KernelBuilder, x: Register, quarter: number): Register {
  const n = k.compute("round", [k.mul(x, c(k, x, 2 / Math.PI))]);
  let r = k.fma(n, c(k, x, -1.5703125), x);
  r = k.fma(n, c(k, x, -4.837512969970703125e-4), r);
  r = k.fma(n, c(k, x, -7.549789948768648e-8), r);
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

export const sin: Unary = (k, x) => sineOfQuarter(k, x, 0);
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
  return k.select(k.compute("lt", [x, c(k, x, 0)]), k.compute("neg", [y]), y);
};

/** x^y. A negative base gives NaN unless y is an integer. */
export function pow(k: KernelBuilder, x: Register, y: Register): Register {
  const zero = c(k, x, 0);
  const magnitude = exp(k, k.mul(y, log(k, k.compute("abs", [x]))));
  const half = k.mul(y, c(k, x, 0.5));
  const odd = k.compute("ne", [k.compute("floor", [half]), half]);
  const integral = k.compute("eq", [k.compute("floor", [y]), y]);
  const signed = k.select(odd, k.compute("neg", [magnitude]), magnitude);
  const ofNegative = k.select(integral, signed, c(k, x, NaN));
  const result = k.select(k.compute("lt", [x, zero]), ofNegative, magnitude);
  return k.select(k.compute("eq", [y, zero]), c(k, x, 1), result);
}
