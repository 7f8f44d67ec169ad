import { describe, expect, it } from "vitest";
import { VintnerError } from "../../common/errors.ts";
import { serializeModel } from "../../ir/serialize-model.ts";
import { Model } from "../../model/model.ts";
import { Node } from "../../model/node.ts";
import { verifyModel } from "../../model/verify.ts";
import { Add } from "../../ops/elementwise/add.ts";
import { Relu } from "../../ops/elementwise/relu.ts";
import { constant } from "../../ops/infrastructure/constant.ts";
import { parameter } from "../../ops/infrastructure/parameter.ts";
import { result } from "../../ops/infrastructure/result.ts";
import { Concat } from "../../ops/movement/concat.ts";
import { Convolution } from "../../ops/nn/convolution.ts";
import { Reshape } from "../../ops/shape/reshape.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { filesInMemory } from "../model-files.ts";
import { irFrontend } from "./ir-frontend.ts";

/** A small network with each kind of thing that a file holds. */
function network(): Model {
  const x = parameter("f32", PartialShape.parse("[1..4,3,8,?]"), 'x, "y" & <z>');
  const weights = constant(
    "f32",
    Array.from({ length: 108 }, (_, i) => i / 50 - 1),
    [4, 3, 3, 3],
  );
  const convolved = new Node(Convolution, [x.outputs[0], weights], {
    strides: [1, 1],
    pads_begin: [1, 1],
    pads_end: [1, 1],
    dilations: [1, 1],
    auto_pad: "explicit",
  });
  const biased = new Node(Add, [convolved.outputs[0], constant("f32", [1, 2, 3, 4], [1, 4, 1, 1])]);
  const both = new Node(Concat, [new Node(Relu, [biased.outputs[0]]).outputs[0], convolved.outputs[0]], { axis: 1 });
  const flat = new Node(Reshape, [both.outputs[0], constant("i64", [0, -1])], { special_zero: true });
  return new Model({ name: "net", parameters: [x], results: [result(flat.outputs[0])] });
}

const { xml, bin } = serializeModel(network(), { compressToFp16: true });
const text = new TextEncoder().encode(xml);
const read = (bytes: Uint8Array, weights: Uint8Array): Model => irFrontend.read(filesInMemory({ name: "net.xml", main: bytes, weights }));

/** Numbers in [0, below), the same for the same seed. */
function generator(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function mutated(bytes: Uint8Array, seed: number): Uint8Array {
  const next = generator(seed);
  const copy = new Uint8Array(bytes);
  switch (seed % 4) {
    case 0: // truncated
      return copy.slice(0, next(bytes.length));
    case 1: // bits flipped
      for (let i = 0; i <= next(8); i++) copy[next(copy.length)] ^= 1 << next(8);
      return copy;
    case 2: // a piece repeated elsewhere
      copy.copyWithin(next(copy.length), next(copy.length), next(copy.length));
      return copy;
    default: {
      // a piece cut out
      const begin = next(copy.length);
      const end = Math.min(copy.length, begin + next(64));
      return new Uint8Array([...copy.slice(0, begin), ...copy.slice(end)]);
    }
  }
}

/** Numbers at the edges of what files hold, and none. */
const extremes = ["-1", "0", "7", "65536", "2147483648", "9007199254740993", "-9223372036854775808", "1e9", "0.5", "nan", "?", "..", ""];

/** One to three numbers replaced by extremes. */
function withExtremes(text: string, seed: number): Uint8Array {
  const next = generator(seed);
  let changed = text;
  for (let i = 0; i <= next(3); i++) {
    const numbers = [...changed.matchAll(/(?<=["> ,])-?\d+(?=["<,.])/g)];
    const number = numbers[next(numbers.length)] as RegExpExecArray;
    changed = changed.slice(0, number.index) + extremes[next(extremes.length)] + changed.slice(number.index + number[0].length);
  }
  return new TextEncoder().encode(changed);
}

function outcome(bytes: Uint8Array, weights: Uint8Array): "model" | "error" {
  try {
    verifyModel(read(bytes, weights));
    return "model";
  } catch (error) {
    if (!(error instanceof VintnerError) || error.code === "INTERNAL") throw error;
    return "error";
  }
}

describe("damaged IR", () => {
  it("reads what it wrote, to the letter", () => {
    const again = serializeModel(read(text, bin));
    expect(again.xml).toBe(xml);
    expect(again.bin).toEqual(bin);
  });

  it("gives a model or a typed error for 500 mutations of the XML", () => {
    const outcomes = Array.from({ length: 500 }, (_, seed) => outcome(mutated(text, seed), bin));
    expect(outcomes.filter((o) => o === "error").length).toBeGreaterThan(250);
  });

  it("gives a model or a typed error for 500 mutations of the XML's numbers", () => {
    const outcomes = Array.from({ length: 500 }, (_, seed) => outcome(withExtremes(xml, seed), bin));
    expect(outcomes).toContain("model");
    expect(outcomes.filter((o) => o === "error").length).toBeGreaterThan(250);
  });

  it("gives a model or a typed error for 500 mutations of the weights", () => {
    const outcomes = Array.from({ length: 500 }, (_, seed) => outcome(text, mutated(bin, seed)));
    expect(outcomes).toContain("model");
    expect(outcomes).toContain("error");
  });

  it.each([
    {
      what: "an entity bomb",
      xml: `<!DOCTYPE net [<!ENTITY a "${"x".repeat(1000)}"><!ENTITY b "${"&a;".repeat(1000)}">]><net name="&b;" version="11"/>`,
    },
    { what: "deep nesting", xml: `<net version="11">${"<a>".repeat(5000)}${"</a>".repeat(5000)}</net>` },
    { what: "another root", xml: "<html></html>" },
    { what: "an old version", xml: '<net name="n" version="7"><layers/></net>' },
    {
      what: "a cycle",
      xml: '<net name="n" version="11"><layers><layer id="0" name="a" type="ReLU" version="opset1"><input><port id="0"/></input><output><port id="1"/></output></layer></layers><edges><edge from-layer="0" from-port="1" to-layer="0" to-port="0"/></edges></net>',
    },
    {
      what: "an input without edge",
      xml: '<net name="n" version="11"><layers><layer id="0" name="a" type="Result" version="opset1"><input><port id="0"/></input></layer></layers></net>',
    },
    {
      what: "a huge constant",
      xml: '<net name="n" version="11"><layers><layer id="0" name="a" type="Const" version="opset1"><data element_type="f32" shape="1000000,1000000,1000" offset="0" size="4000000000000000"/><output><port id="0"/></output></layer></layers></net>',
    },
  ])("refuses $what", ({ xml: hostile }) => {
    expect(() => read(new TextEncoder().encode(hostile), bin)).toThrow(VintnerError);
  });

  it("lists all layers with unknown operations at once", () => {
    const unknown = xml.replace('type="Concat"', 'type="Cat"').replace('type="ReLU"', 'type="Nonsense"');
    expect(() => read(new TextEncoder().encode(unknown), bin)).toThrow(/2 layers.*Nonsense of opset1.*Cat of opset1/s);
  });

  it("says that the weights end too early", () => {
    expect(() => read(text, bin.slice(0, 10))).toThrow(/weights file ends before a constant does/);
  });
});
