/**
 * What symbols of dimensions are: integer polynomials over atoms. An atom is a name, a floor division, a maximum or minimum, or
 * something that only others understand. All are immutable, and equal where their canonical texts are.
 */
export interface Polynomial {
  /** By the texts of their factors; the empty key is the constant. None is 0. */
  readonly terms: ReadonlyMap<string, Term>;
}

interface Term {
  readonly coefficient: number;
  /** Sorted by their texts, repeated for powers. */
  readonly factors: readonly Atom[];
}

interface Atom {
  readonly text: string;
  /** Of a floor division by a number. */
  readonly quotient?: { readonly numerator: Polynomial; readonly divisor: number };
}

const separator = "\u0000";

const fromTerms = (terms: readonly Term[]): Polynomial => {
  const sum = new Map<string, Term>();
  for (const { coefficient, factors } of terms) {
    const sorted = factors.length < 2 ? factors : factors.toSorted((a, b) => (a.text < b.text ? -1 : Number(a.text > b.text)));
    const key = sorted.map((f) => f.text).join(separator);
    const total = (sum.get(key)?.coefficient ?? 0) + coefficient;
    if (total === 0) sum.delete(key);
    else sum.set(key, { coefficient: total, factors: sorted });
  }
  return { terms: sum };
};

const termsOf = (p: Polynomial): readonly Term[] => [...p.terms.values()];
const polynomialOf = (atom: Atom): Polynomial => fromTerms([{ coefficient: 1, factors: [atom] }]);

/** Something without parts, by a text that names nothing else. */
export const atomPolynomial = (text: string): Polynomial => polynomialOf({ text });

export const constantPolynomial = (value: number): Polynomial => fromTerms([{ coefficient: value, factors: [] }]);

/** The value of a polynomial without atoms. */
export function constantOf(p: Polynomial): number | undefined {
  if (p.terms.size === 0) return 0;
  return p.terms.size === 1 ? p.terms.get("")?.coefficient : undefined;
}

/** Whether all coefficients are what numbers hold exactly. */
export const isExact = (p: Polynomial): boolean => termsOf(p).every((t) => Number.isSafeInteger(t.coefficient));

export const addPolynomials = (p: Polynomial, q: Polynomial): Polynomial => fromTerms([...termsOf(p), ...termsOf(q)]);

const scalePolynomial = (p: Polynomial, by: number): Polynomial =>
  fromTerms(termsOf(p).map((t) => ({ ...t, coefficient: t.coefficient * by })));

export const subtractPolynomials = (p: Polynomial, q: Polynomial): Polynomial => addPolynomials(p, scalePolynomial(q, -1));

export const multiplyPolynomials = (p: Polynomial, q: Polynomial): Polynomial =>
  fromTerms(
    termsOf(p).flatMap((a) =>
      termsOf(q).map((b) => ({ coefficient: a.coefficient * b.coefficient, factors: [...a.factors, ...b.factors] })),
    ),
  );

/** The larger (`max`) or smaller (`min`) of both. */
export function extremePolynomial(kind: "max" | "min", p: Polynomial, q: Polynomial): Polynomial {
  const difference = constantOf(subtractPolynomials(p, q));
  if (difference !== undefined) return difference >= 0 === (kind === "max") ? p : q;
  return atomPolynomial(`${kind}(${[formatPolynomial(p), formatPolynomial(q)].toSorted().join(",")})`);
}

/** floor(p / q) of a q that is not 0: exact where q divides p, else as an atom. */
export function dividePolynomials(p: Polynomial, q: Polynomial): Polynomial {
  const exact = exactQuotient(p, q);
  if (exact) return exact;
  const divisor = constantOf(q);
  if (divisor !== undefined && divisor > 0) return divideByNumber(p, divisor);
  return atomPolynomial(`(${formatPolynomial(p)}/${formatPolynomial(q)})`);
}

/** p / q where q is one term that divides every term of p. */
function exactQuotient(p: Polynomial, q: Polynomial): Polynomial | undefined {
  if (q.terms.size !== 1) return undefined;
  const [divisor] = termsOf(q);
  const quotients: Term[] = [];
  for (const { coefficient, factors } of termsOf(p)) {
    const rest = [...factors];
    for (const f of divisor.factors) {
      const at = rest.findIndex((r) => r.text === f.text);
      if (at < 0) return undefined;
      rest.splice(at, 1);
    }
    if (coefficient % divisor.coefficient !== 0) return undefined;
    quotients.push({ coefficient: coefficient / divisor.coefficient, factors: rest });
  }
  return fromTerms(quotients);
}

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

/** floor(p / n): multiples of n leave the division, and nested divisions become one. */
function divideByNumber(p: Polynomial, n: number): Polynomial {
  // floor(-p / n) is -ceil(p / n).
  const leading = termsInOrder(p, () => 0).find((t) => t.factors.length > 0 && t.coefficient % n !== 0);
  if (leading && leading.coefficient < 0) return scalePolynomial(divideByNumber(subtractPolynomials(constantPolynomial(n - 1), p), n), -1);
  const whole: Term[] = [];
  const rest: Term[] = [];
  for (const { coefficient, factors } of termsOf(p)) {
    const quotient = Math.floor(coefficient / n);
    whole.push({ coefficient: quotient, factors });
    rest.push({ coefficient: coefficient - quotient * n, factors });
  }
  return addPolynomials(fromTerms(whole), divideRest(fromTerms(rest), n));
}

/** floor(p / n) where no coefficient is a multiple of n. */
function divideRest(p: Polynomial, n: number): Polynomial {
  const constant = p.terms.get("")?.coefficient ?? 0;
  const others = termsOf(p).filter((t) => t.factors.length > 0);
  if (others.length === 0) return constantPolynomial(Math.floor(constant / n));
  // floor((g s + c) / n) is floor((s + floor(c / g)) / (n / g)).
  const g = others.reduce((d, t) => gcd(d, t.coefficient), n);
  const numerator = fromTerms([
    ...others.map((t) => ({ ...t, coefficient: t.coefficient / g })),
    { coefficient: Math.floor(constant / g), factors: [] },
  ]);
  if (g === n) return numerator;
  const [{ coefficient, factors }] = others;
  const inner = others.length === 1 && coefficient === g && factors.length === 1 ? factors[0].quotient : undefined;
  // floor((floor(s / m) + k) / n) is floor((s + k m) / (m n)).
  if (inner) {
    const shift = constantPolynomial(Math.floor(constant / g) * inner.divisor);
    return divideByNumber(addPolynomials(inner.numerator, shift), (inner.divisor * n) / g);
  }
  const divisor = n / g;
  return polynomialOf({ text: `(${formatPolynomial(numerator)}/${divisor})`, quotient: { numerator, divisor } });
}

function formatTerm(magnitude: number, factors: readonly Atom[]): string {
  const parts = [...(magnitude === 1 && factors.length > 0 ? [] : [String(magnitude)]), ...factors.map((f) => f.text)];
  return parts.length === 1 ? parts[0] : `(${parts.join("*")})`;
}

/** The constant, then the others by rank and factors. */
const termsInOrder = (p: Polynomial, rank: (term: Term) => number): readonly Term[] =>
  [...p.terms].toSorted(([a, s], [b, t]) => (a === "" ? -1 : b === "" ? 1 : rank(s) - rank(t) || (a < b ? -1 : 1))).map(([, term]) => term);

/** The canonical text. */
export function formatPolynomial(p: Polynomial): string {
  const terms = termsInOrder(p, (t) => (t.coefficient < 0 ? 1 : 0));
  if (terms.length === 0) return "0";
  const [first, ...others] = terms;
  const head = formatTerm(first.coefficient, first.factors);
  if (others.length === 0) return head;
  return `(${head}${others.map((t) => `${t.coefficient < 0 ? "-" : "+"}${formatTerm(Math.abs(t.coefficient), t.factors)}`).join("")})`;
}
