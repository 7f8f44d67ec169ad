import { VintnerError } from "../common/errors.ts";
import { type Dimension, formatDimension, isKnown, mergeDimensions, parseDimension, uniteDimensions } from "./dimension.ts";

/** A shape of which the rank, or some lengths, may be unknown. Immutable. */
export class PartialShape {
  /** Undefined where even the rank is unknown. */
  readonly dimensions: readonly Dimension[] | undefined;

  constructor(dimensions: readonly Dimension[] | undefined) {
    this.dimensions = dimensions;
  }

  /** Of unknown rank. */
  static readonly dynamic: PartialShape = new PartialShape(undefined);

  /** Reads OpenVINO's spelling: `[1,3,?,224..448]`, `1,3,224,224`, `[]` (a scalar), `[...]` or `...` (unknown rank). */
  static parse(text: string, where?: string): PartialShape {
    const inner = text.trim().replace(/^\[/, "").replace(/\]$/, "").trim();
    if (inner === "") return new PartialShape([]);
    if (inner === "...") return PartialShape.dynamic;
    return new PartialShape(
      inner.split(/[\s,]+/).map((part) => {
        const d = parseDimension(part);
        if (d === undefined)
          throw new VintnerError("INVALID_ARGUMENT", {
            what: "unreadable dimension in a shape",
            ...(where === undefined ? {} : { where }),
            expected: "numbers, `?`, `-1` or ranges such as 1..10, separated by commas",
            got: `"${part}" in "${text}"`,
          });
        return d;
      }),
    );
  }

  get rank(): number | undefined {
    return this.dimensions?.length;
  }

  get isStatic(): boolean {
    return this.dimensions !== undefined && this.dimensions.every(isKnown);
  }

  get isDynamic(): boolean {
    return !this.isStatic;
  }

  /** The lengths; throws where some are unknown. */
  toShape(where?: string): number[] {
    if (!this.dimensions?.every(isKnown))
      throw new VintnerError("INVALID_ARGUMENT", {
        what: "the shape is not static",
        ...(where === undefined ? {} : { where }),
        got: this.toString(),
        hint: "Give the input shapes, or reshape the model",
      });
    return [...(this.dimensions as readonly number[])];
  }

  /** What both shapes allow, or undefined where they exclude each other. */
  merge(other: PartialShape): PartialShape | undefined {
    if (this.dimensions === undefined) return other;
    if (other.dimensions === undefined) return this;
    if (this.dimensions.length !== other.dimensions.length) return undefined;
    const merged: Dimension[] = [];
    for (const [i, d] of this.dimensions.entries()) {
      const m = mergeDimensions(d, other.dimensions[i]);
      if (m === undefined) return undefined;
      merged.push(m);
    }
    return new PartialShape(merged);
  }

  /** What either shape allows. */
  unite(other: PartialShape): PartialShape {
    const [a, b] = [this.dimensions, other.dimensions];
    if (a === undefined || b === undefined || a.length !== b.length) return PartialShape.dynamic;
    return new PartialShape(a.map((d, i) => uniteDimensions(d, b[i])));
  }

  /** Whether a tensor of these lengths fits. */
  accepts(shape: readonly number[]): boolean {
    return this.merge(new PartialShape(shape)) !== undefined;
  }

  toString(): string {
    return this.dimensions === undefined ? "[...]" : `[${this.dimensions.map(formatDimension).join(",")}]`;
  }
}
