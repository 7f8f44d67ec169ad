import { VintnerError } from "../../common/errors.ts";

/** What a node of nnet3 reads (kaldi-asr/kaldi, src/nnet3/nnet-descriptor.h), with time offsets in frames. */
export type Descriptor =
  | { readonly kind: "node"; readonly name: string }
  | { readonly kind: "append" | "sum" | "failover" | "switch"; readonly parts: readonly Descriptor[] }
  | { readonly kind: "ifDefined"; readonly of: Descriptor }
  | { readonly kind: "offset"; readonly of: Descriptor; readonly frames: number }
  | { readonly kind: "scale"; readonly of: Descriptor; readonly factor: number }
  | { readonly kind: "const"; readonly value: number; readonly dim: number }
  /** The frame at a multiple of `multiple`, at or before this one. */
  | { readonly kind: "round"; readonly of: Descriptor; readonly multiple: number }
  /** The same frame for all. */
  | { readonly kind: "replaceIndex"; readonly of: Descriptor; readonly frame: number };

const mostDepth = 200;

/** Parses a descriptor: `Append(Offset(input, -1), IfDefined(Offset(x, -3)))`. Throws INVALID_MODEL, naming the node. */
export function parseDescriptor(text: string, where: string): Descriptor {
  const tokens = text.match(/[A-Za-z0-9_./|-]+|[(),]|\S/g) ?? [];
  let at = 0;
  const fail = (what: string): never => {
    throw new VintnerError("INVALID_MODEL", { what: `${what} in a descriptor`, where, got: JSON.stringify(text.slice(0, 120)) });
  };
  const expect = (token: string): void => {
    if (tokens[at++] !== token) fail(`"${token}" is missing`);
  };
  const number = (): number => {
    const value = Number(tokens[at++]);
    return Number.isNaN(value) ? fail("a number is missing") : value;
  };
  const whole = (): number => {
    const value = number();
    return Number.isSafeInteger(value) ? value : fail("a whole number is missing");
  };
  const parse = (depth: number): Descriptor => {
    if (depth > mostDepth) fail("too many brackets");
    const word = tokens[at++];
    if (word === undefined || /^[(),]$/.test(word)) return fail("a name is missing");
    if (tokens[at] !== "(") return { kind: "node", name: word };
    at++;
    const made = call(word, depth + 1);
    expect(")");
    return made;
  };
  const list = (depth: number): Descriptor[] => {
    const parts = [parse(depth)];
    while (tokens[at] === ",") {
      at++;
      parts.push(parse(depth));
    }
    return parts;
  };
  const call = (word: string, depth: number): Descriptor => {
    switch (word) {
      case "Append":
        return { kind: "append", parts: list(depth) };
      case "Sum":
        return { kind: "sum", parts: list(depth) };
      case "Failover":
        return { kind: "failover", parts: list(depth) };
      case "Switch":
        return { kind: "switch", parts: list(depth) };
      case "IfDefined":
        return { kind: "ifDefined", of: parse(depth) };
      case "Offset": {
        const of = parse(depth);
        expect(",");
        const frames = whole();
        if (tokens[at] === ",") {
          at++;
          if (whole() !== 0) fail("an offset that is none of time is not supported");
        }
        return { kind: "offset", of, frames };
      }
      case "Scale": {
        const factor = number();
        expect(",");
        return { kind: "scale", factor, of: parse(depth) };
      }
      case "Const": {
        const value = number();
        expect(",");
        return { kind: "const", value, dim: whole() };
      }
      case "Round": {
        const of = parse(depth);
        expect(",");
        return { kind: "round", of, multiple: whole() };
      }
      case "ReplaceIndex": {
        const of = parse(depth);
        expect(",");
        if (tokens[at++] !== "t") fail("only the time may be replaced");
        expect(",");
        return { kind: "replaceIndex", of, frame: whole() };
      }
      default:
        return fail(`"${word}" is no operator`);
    }
  };
  const made = parse(0);
  if (at !== tokens.length) fail("something follows the end");
  return made;
}

/** A node that a descriptor reads: with which offset, and whether it does without where the frame does not exist. */
export interface Reading {
  readonly name: string;
  readonly frames: number;
  readonly optional: boolean;
}

/** All nodes that a descriptor reads. */
export function readingsOf(descriptor: Descriptor, frames = 0, optional = false): Reading[] {
  switch (descriptor.kind) {
    case "node":
      return [{ name: descriptor.name, frames, optional }];
    case "const":
      return [];
    case "append":
    case "sum":
    case "switch":
      return descriptor.parts.flatMap((p) => readingsOf(p, frames, optional));
    case "failover":
      return descriptor.parts.flatMap((p, i) => readingsOf(p, frames, optional || i < descriptor.parts.length - 1));
    case "ifDefined":
      return readingsOf(descriptor.of, frames, true);
    case "offset":
      return readingsOf(descriptor.of, frames + descriptor.frames, optional);
    case "scale":
    case "round":
    case "replaceIndex":
      return readingsOf(descriptor.of, frames, optional);
  }
}
