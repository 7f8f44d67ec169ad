/**
 * Symbols of dimensions as arithmetic: integer polynomials over atoms, written in one canonical text. An atom is a name,
 * a floor division `(p/q)`, `max(p,q)`, `min(p,q)`, or a call that only others understand, such as `slice(h,1::2)`.
 * Names that would read as arithmetic stand in quotes inside of larger texts.
 */
export interface Polynomial {
  /** Coefficients by monomial; the empty key is the constant. */
  readonly terms: ReadonlyMap<string, Term>;
}

interface Term {
  readonly coefficient: number;
  /** Atoms as canonical text, sorted, repeated for powers. */
  readonly factors: readonly string[];
}

/** Texts beyond this are given up: what they say is no longer worth the time that comparing takes. */
const longestText = 200;
const separator = "\u0000";

const fromTerms = (terms: readonly Term[]): Polynomial => {
  const sum = new Map<string, Term>();
  for (const { coefficient, factors } of terms) {
    const sorted = factors.toSorted();
    const key = sorted.join(separator);
    const total = (sum.get(key)?.coefficient ?? 0) + coefficient;
    if (total === 0) sum.delete(key);
    else sum.set(key, { coefficient: total, factors: sorted });
  }
  return { terms: sum };
};

const termsOf = (p: Polynomial): readonly Term[] => [...p.terms.values()];
const atom = (text: string): Polynomial => fromTerms([{ coefficient: 1, factors: [text] }]);

export const constantPolynomial = (value: number): Polynomial => fromTerms([{ coefficient: value, factors: [] }]);

/** The value of a polynomial without atoms. */
export function constantOf(p: Polynomial): number | undefined {
  const terms = termsOf(p);
  if (terms.length === 0) return 0;
  return terms.length === 1 && terms[0].factors.length === 0 ? terms[0].coefficient : undefined;
}

export const addPolynomials = (p: Polynomial, q: Polynomial): Polynomial => fromTerms([...termsOf(p), ...termsOf(q)]);

export const multiplyPolynomials = (p: Polynomial, q: Polynomial): Polynomial =>
  fromTerms(
    termsOf(p).flatMap((a) =>
      termsOf(q).map((b) => ({ coefficient: a.coefficient * b.coefficient, factors: [...a.factors, ...b.factors] })),
    ),
  );

export const subtractPolynomials = (p: Polynomial, q: Polynomial): Polynomial =>
  addPolynomials(p, multiplyPolynomials(q, constantPolynomial(-1)));

/** The larger (`max`) or smaller (`min`) of both. */
export function extremePolynomial(kind: "max" | "min", p: Polynomial, q: Polynomial): Polynomial {
  const difference = constantOf(subtractPolynomials(p, q));
  if (difference !== undefined) return difference >= 0 === (kind === "max") ? p : q;
  return atom(`${kind}(${[formatPolynomial(p), formatPolynomial(q)].toSorted().join(",")})`);
}

/** p / q where q is one term that divides every term of p. */
function exactQuotient(p: Polynomial, q: Polynomial): Polynomial | undefined {
  const divisors = termsOf(q);
  if (divisors.length !== 1) return undefined;
  const [divisor] = divisors;
  const quotients: Term[] = [];
  for (const { coefficient, factors } of termsOf(p)) {
    const rest = [...factors];
    for (const f of divisor.factors) {
      const at = rest.indexOf(f);
      if (at < 0) return undefined;
      rest.splice(at, 1);
    }
    if (coefficient % divisor.coefficient !== 0) return undefined;
    quotients.push({ coefficient: coefficient / divisor.coefficient, factors: rest });
  }
  return fromTerms(quotients);
}

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

/** floor(p / q) of a q that is not 0: exact where q divides p, else as an atom. */
export function dividePolynomials(p: Polynomial, q: Polynomial): Polynomial {
  const exact = exactQuotient(p, q);
  if (exact) return exact;
  const divisor = constantOf(q);
  return divisor !== undefined && divisor > 0 ? divideByNumber(p, divisor) : atom(`(${formatPolynomial(p)}/${formatPolynomial(q)})`);
}

/** floor(p / n): multiples of n leave the division, and nested divisions become one. */
function divideByNumber(p: Polynomial, n: number): Polynomial {
  // floor(-p / n) is -ceil(p / n).
  const leading = termsInOrder(p, () => 0).find((t) => t.factors.length > 0 && t.coefficient % n !== 0);
  if (leading && leading.coefficient < 0) {
    const negated = subtractPolynomials(constantPolynomial(n - 1), p);
    return multiplyPolynomials(divideByNumber(negated, n), constantPolynomial(-1));
  }
  const whole: Term[] = [];
  const rest: Term[] = [];
  for (const { coefficient, factors } of termsOf(p)) {
    const quotient = Math.floor(coefficient / n);
    whole.push({ coefficient: quotient, factors });
    rest.push({ coefficient: coefficient - quotient * n, factors });
  }
  return addPolynomials(fromTerms(whole), divideRest(fromTerms(rest), n));
}

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
  const inner =
    others.length === 1 && others[0].coefficient === g && others[0].factors.length === 1 ? divisionOf(others[0].factors[0]) : undefined;
  // floor((floor(s / m) + k) / n) is floor((s + k m) / (m n)).
  if (inner) {
    const shift = constantPolynomial(Math.floor(constant / g) * inner.divisor);
    return divideByNumber(addPolynomials(inner.numerator, shift), (inner.divisor * n) / g);
  }
  return atom(`(${formatPolynomial(numerator)}/${n / g})`);
}

/** The parts of an atom `(p/n)` with a number below. */
function divisionOf(text: string): { readonly numerator: Polynomial; readonly divisor: number } | undefined {
  const match = /^\((.+)\/(\d+)\)$/s.exec(text);
  const numerator = match === null ? undefined : readPolynomial(match[1]);
  return numerator && { numerator, divisor: Number((match as RegExpExecArray)[2]) };
}

function formatTerm(magnitude: number, factors: readonly string[]): string {
  const parts = magnitude === 1 && factors.length > 0 ? factors : [magnitude, ...factors];
  return parts.length === 1 ? String(parts[0]) : `(${parts.join("*")})`;
}

/** The constant, then the others by rank and monomial. */
const termsInOrder = (p: Polynomial, rank: (term: Term) => number): readonly Term[] =>
  [...p.terms].toSorted(([a, s], [b, t]) => (a === "" ? -1 : b === "" ? 1 : rank(s) - rank(t) || (a < b ? -1 : 1))).map(([, term]) => term);

/** The canonical text inside of larger ones; names stay in quotes where they need them. */
function formatPolynomial(p: Polynomial): string {
  const terms = termsInOrder(p, (t) => (t.coefficient < 0 ? 1 : 0));
  if (terms.length === 0) return "0";
  const [first, ...others] = terms;
  const head = formatTerm(first.coefficient, first.factors);
  if (others.length === 0) return head;
  return `(${head}${others.map((t) => `${t.coefficient < 0 ? "-" : "+"}${formatTerm(Math.abs(t.coefficient), t.factors)}`).join("")})`;
}

/** The canonical text; undefined where it is too long to be of use, or a coefficient is no safe integer. */
export function formatSymbol(p: Polynomial): string | undefined {
  const text = formatPolynomial(p);
  if (text.length > longestText || termsOf(p).some((t) => !Number.isSafeInteger(t.coefficient))) return undefined;
  return /^"(?:[^"\\]|\\.)*"$/s.test(text) ? (JSON.parse(text) as string) : text;
}

/** Reads a symbol. What is not canonical text is a name. */
export function parseSymbol(text: string): Polynomial {
  const p = text.length > longestText ? undefined : readPolynomial(text);
  return p !== undefined && constantOf(p) === undefined && formatPolynomial(p) === text ? p : atom(JSON.stringify(text));
}

const tokens = /"(?:[^"\\]|\\.)*"|\d+|[A-Za-z_][\w.]*|[()+\-*/,]|./gsu;

/** Undefined where the text is no arithmetic. */
function readPolynomial(text: string): Polynomial | undefined {
  const list = text.match(tokens) ?? [];
  let at = 0;
  const take = (token: string): boolean => list[at] === token && ++at > 0;
  const sum = (): Polynomial | undefined => {
    let total = take("-") ? negated(product()) : product();
    while (total && (list[at] === "+" || list[at] === "-")) {
      const negative = list[at++] === "-";
      const next = product();
      total = next && (negative ? subtractPolynomials(total, next) : addPolynomials(total, next));
    }
    return total;
  };
  const product = (): Polynomial | undefined => {
    let result = operand();
    while (result && (list[at] === "*" || list[at] === "/")) {
      const divides = list[at++] === "/";
      const next = operand();
      if (next === undefined || (divides && constantOf(next) === 0)) return undefined;
      result = divides ? dividePolynomials(result, next) : multiplyPolynomials(result, next);
    }
    return result;
  };
  const operand = (): Polynomial | undefined => {
    const token = list[at++];
    if (token === undefined) return undefined;
    if (token === "(") {
      const inner = sum();
      return take(")") ? inner : undefined;
    }
    if (/^\d/.test(token)) return constantPolynomial(Number(token));
    if (token.startsWith('"') && token.length > 1) return atom(token);
    if (!/^[A-Za-z_]/.test(token)) return undefined;
    return list[at] === "(" ? call(token) : atom(token);
  };
  const call = (name: string): Polynomial | undefined => {
    const begin = at;
    if (name === "max" || name === "min") {
      at++;
      const a = sum();
      const b = take(",") ? sum() : undefined;
      return a && b && take(")") ? extremePolynomial(name, a, b) : undefined;
    }
    let depth = 0;
    do {
      if (list[at] === undefined) return undefined;
      depth += list[at] === "(" ? 1 : list[at] === ")" ? -1 : 0;
      at++;
    } while (depth > 0);
    return atom(name + list.slice(begin, at).join(""));
  };
  const result = sum();
  return at === list.length ? result : undefined;
}

const negated = (p: Polynomial | undefined): Polynomial | undefined => p && multiplyPolynomials(p, constantPolynomial(-1));
