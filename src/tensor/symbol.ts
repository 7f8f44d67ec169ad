import { atomPolynomial, formatPolynomial, isExact, type Polynomial } from "./polynomial.ts";

/** Texts beyond this are given up: what they say is no longer worth the time that comparing takes. */
const longestText = 200;

/** The symbol of a dimension. There is one for each value: two dimensions with the same symbol are equal at run time. */
export class DimensionSymbol {
  readonly polynomial: Polynomial;
  readonly #text: string;

  /** Made by the functions of this file alone. */
  constructor(polynomial: Polynomial, text: string) {
    this.polynomial = polynomial;
    this.#text = text;
  }

  /** `h`, `(1+(2*h))`: a name as it was given, or arithmetic in canonical text. */
  toString(): string {
    return this.#text;
  }
}

/** All symbols that are in use, by canonical text. */
const symbols = new Map<string, WeakRef<DimensionSymbol>>();
const unused = new FinalizationRegistry<string>((text) => {
  if (symbols.get(text)?.deref() === undefined) symbols.delete(text);
});

function symbolWith(polynomial: Polynomial, canonical: string, text: string): DimensionSymbol {
  const known = symbols.get(canonical)?.deref();
  if (known) return known;
  const made = new DimensionSymbol(polynomial, text);
  symbols.set(canonical, new WeakRef(made));
  unused.register(made, canonical);
  return made;
}

/** A name's text inside of larger ones: in quotes where it would read as arithmetic. */
const quoted = (name: string): string => (/^[A-Za-z_][\w.]*$/.test(name) ? name : JSON.stringify(name));

/** The symbol of a length that has a name of its own, of any text. */
export const namedSymbol = (name: string): DimensionSymbol => symbolWith(atomPolynomial(quoted(name)), quoted(name), name);

/** The symbol of a length that arithmetic does not tell, such as `slice(h,1::2)`: equal texts must mean equal lengths. */
export const opaqueSymbol = (text: string): DimensionSymbol => symbolWith(atomPolynomial(text), text, text);

/** The symbol of a result; undefined where its text is too long to be of use, or a coefficient is no safe integer. */
export function symbolOf(polynomial: Polynomial): DimensionSymbol | undefined {
  const canonical = formatPolynomial(polynomial);
  if (canonical.length > longestText || !isExact(polynomial)) return undefined;
  const text = /^"(?:[^"\\]|\\.)*"$/s.test(canonical) ? (JSON.parse(canonical) as string) : canonical;
  return symbolWith(polynomial, canonical, text);
}
