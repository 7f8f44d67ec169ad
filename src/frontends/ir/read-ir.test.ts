import { describe, expect, test } from "vitest";
import type { ErrorCode, VintnerError } from "../../common/errors.ts";
import { thrownBy } from "../../common/thrown-error.fixture.ts";
import type { Model } from "../../model/model.ts";
import type { PartialShape } from "../../tensor/partial-shape.ts";
import { readModelSync } from "../read-model.ts";

const port = (id: number, text = "", dims: readonly number[] = [2]): string =>
  `<port id="${id}" precision="FP32"${text}>${dims.map((d) => `<dim>${d}</dim>`).join("")}</port>`;
const parameter = `<layer id="0" name="x" type="Parameter" version="opset1"><data shape="2" element_type="f32"/><output>${port(0, ' names="x"')}</output></layer>`;
const constant = (data = 'element_type="f32" shape="2" offset="0" size="8"'): string =>
  `<layer id="1" name="w" type="Const" version="opset1"><data ${data}/><output>${port(0)}</output></layer>`;
const add = (data = "<data auto_broadcast='numpy'/>", output = port(2)): string =>
  `<layer id="2" name="sum" type="Add" version="opset1">${data}<input>${port(0)}${port(1)}</input><output>${output}</output></layer>`;
const result = (attributes = ""): string =>
  `<layer id="3" name="y" type="Result" version="opset1"${attributes}><input>${port(0)}</input></layer>`;
const edge = (from: string, to: string): string => {
  const [[a, b], [c, d]] = [from.split(":"), to.split(":")];
  return `<edge from-layer="${a}" from-port="${b}" to-layer="${c}" to-port="${d}"/>`;
};
const edges = [edge("0:0", "2:0"), edge("1:0", "2:1"), edge("2:2", "3:0")];

interface Parts {
  readonly layers?: readonly string[];
  readonly edges?: readonly string[];
  readonly rest?: string;
  readonly bin?: Uint8Array | undefined;
}

/** x + w, with w = [1, 2]; parts of the file can be replaced. */
function read(parts: Parts = {}): Model {
  const layers = parts.layers ?? [parameter, constant(), add(), result()];
  const xml = `<net name="n" version="11"><layers>${layers.join("")}</layers><edges>${(parts.edges ?? edges).join("")}</edges>${parts.rest ?? ""}</net>`;
  const bin = "bin" in parts ? parts.bin : new Uint8Array(new Float32Array([1, 2]).buffer);
  return readModelSync({ name: "net.xml", bytes: new TextEncoder().encode(xml), ...(bin && { files: { "net.bin": bin } }) });
}

const errorOf = (parts: Parts): VintnerError => thrownBy(() => read(parts));

describe("readIr", () => {
  test("reads layers in whatever order they stand", () => {
    const model = read({ layers: [result(), add(), constant(), parameter] });
    expect(model.nodes().map((n) => n.type)).toEqual(expect.arrayContaining(["Parameter", "Constant", "Add", "Result"]));
    expect(model.parameters[0]?.outputs[0].anyName).toBe("x");
  });

  test("reads names with escaped commas, quotes and signs of XML", () => {
    const names = String.raw`a\,b,&quot;c&quot;,&lt;d&gt;&amp;'`;
    const model = read({ layers: [parameter, constant(), add(undefined, port(2, ` names="${names}"`)), result()] });
    const expected = ["a,b", '"c"', "<d>&'"];
    expect([...(model.results[0]?.inputs[0]?.names ?? [])]).toEqual(expected);
    expect([...(model.outputs[0]?.names ?? [])]).toEqual(expected);
  });

  test("an output's own names stand at the Result", () => {
    const model = read({
      layers: [parameter, constant(), add(undefined, port(2, ' names="t"')), result(String.raw` output_names="o,p\,q"`)],
    });
    expect([...(model.outputs[0]?.names ?? [])]).toEqual(["o", "p,q"]);
  });

  test("reads dimensions that are not known, or bounded", () => {
    const shapeOf = (text: string, dims: readonly number[]): PartialShape | undefined => {
      const x = parameter.replace('shape="2"', `shape="${text}"`).replace(port(0, ' names="x"'), port(0, "", dims));
      return read({ layers: [x, result()], edges: [edge("0:0", "3:0")] }).parameters[0]?.outputs[0].partialShape;
    };
    expect(String(shapeOf("?,2..5,3..,4", [-1, -1, -1, 4]))).toBe("[?,2..5,3..,4]");
    expect(shapeOf("...", [])?.rank).toBeUndefined();
    expect(shapeOf("", [])?.dimensions).toEqual([]);
  });

  test("reads what the network says of itself, of layers and of tensors", () => {
    const info = '<rt_info><attribute name="fused_names_0" version="0" value="a,b"/></rt_info>';
    const rest = '<rt_info><MO_version value="1"/><a><b value="2"/><info name="c d" value="3"/></a></rt_info>';
    const model = read({ layers: [parameter, constant(), add(`<data auto_broadcast="numpy"/>${info}`), result()], rest });
    expect(model.rtInfo.get("MO_version")).toBe("1");
    expect(model.rtInfo.get("a")).toEqual({ b: "2", "c d": "3" });
    expect(model.results[0]?.inputs[0]?.node.rtInfo.get("fused_names_0")).toEqual({ version: "0", value: "a,b" });
  });

  test("attributes that a schema does not have mean nothing", () => {
    expect(read({ layers: [parameter, constant(), add('<data auto_broadcast="numpy" axis="7"/>'), result()] }).nodes()).toHaveLength(4);
  });

  const cases: [string, Parts, ErrorCode, RegExp][] = [
    ["two layers of one id", { layers: [parameter, parameter, constant(), add(), result()] }, "INVALID_MODEL", /two layers have the id 0/],
    ["a layer without type", { layers: [parameter.replace('type="Parameter"', "")] }, "INVALID_MODEL", /lacks its id, name or type/],
    ["no layer", { layers: [], edges: [] }, "INVALID_MODEL", /no layers/],
    ["no Result", { layers: [parameter], edges: [] }, "INVALID_MODEL", /no Result/],
    ["an edge from nowhere", { edges: [edge("9:0", "2:0")] }, "INVALID_MODEL", /starts at a port that does not exist.*9:0/],
    ["an edge to nowhere", { edges: [edge("0:0", "2:7")] }, "INVALID_MODEL", /ends at a port that does not exist.*2:7/],
    ["two edges to one port", { edges: [...edges, edge("0:0", "2:1")] }, "INVALID_MODEL", /two edges end at one port/],
    ["a missing edge", { edges: edges.slice(1) }, "INVALID_MODEL", /Add "sum" \(net\.xml\): input port 0 is not connected/],
    ["a cycle", { edges: [edge("2:2", "2:0"), edge("1:0", "2:1"), edge("2:2", "3:0")] }, "INVALID_MODEL", /form a cycle/],
    ["another rank", { layers: [parameter, constant(), add(undefined, port(2, "", [2, 2])), result()] }, "INVALID_MODEL", /another rank/],
    [
      "an attribute that is none",
      { layers: [parameter.replace('"f32"', '"f33"'), constant(), add(), result()] },
      "INVALID_MODEL",
      /element_type.*f33/,
    ],
    [
      "a list with integers beyond all lengths",
      {
        layers: [
          parameter,
          constant(),
          add('<data strides="9223372036854775807" pads_begin="0" pads_end="0" dilations="1"/>').replace("Add", "Convolution"),
          result(),
        ],
      },
      "INVALID_MODEL",
      /strides.*9223372036854775807/,
    ],
    [
      "an unknown opset",
      { layers: [parameter, constant(), add().replace("opset1", "opsetX"), result()] },
      "UNSUPPORTED_OPERATION",
      /Add of opsetX "sum"/,
    ],
    [
      "a foreign operation",
      { layers: [parameter, constant(), add().replace("opset1", "extension"), result()] },
      "UNSUPPORTED_OPERATION",
      /Add of extension/,
    ],
  ];
  test.each(cases)("refuses %s", (_, parts, code, message) => {
    const error = errorOf(parts);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});

describe("constants of an IR", () => {
  const withConstant = (data: string): Parts => ({ layers: [parameter, constant(data), add(), result()] });

  test("are read where their offset does not fit their type", () => {
    const bin = new Uint8Array(11);
    bin.set(new Uint8Array(new Float32Array([1, 2]).buffer), 3);
    const model = read({ ...withConstant('element_type="f32" shape="2" offset="3" size="8"'), bin });
    const weights = model.nodes().find((n) => n.constant)?.constant;
    expect(weights?.data).toEqual(new Float32Array([1, 2]));
  });

  test("are views on the file where it fits", () => {
    const bin = new Uint8Array(new Float32Array([1, 2]).buffer);
    const weights = read({ bin })
      .nodes()
      .find((n) => n.constant)?.constant;
    expect(weights?.data.buffer).toBe(bin.buffer);
  });

  const cases: [string, Parts, ErrorCode, RegExp][] = [
    ["no .bin", { bin: undefined }, "FILE_NOT_FOUND", /net\.bin.*needs a file beside it.*Pass it/s],
    ["a .bin that is cut off", { bin: new Uint8Array(7) }, "FORMAT", /ends before a constant does.*at least 8 bytes.*got 7.*truncated/s],
    ["an offset behind the end", withConstant('element_type="f32" shape="2" offset="1" size="8"'), "FORMAT", /ends before a constant does/],
    [
      "a size that does not fit",
      withConstant('element_type="f32" shape="2" offset="0" size="4"'),
      "INVALID_MODEL",
      /8 bytes for f32\[2\].*got 4/,
    ],
    [
      "a shape that does not fit",
      withConstant('element_type="f32" shape="3" offset="0" size="8"'),
      "INVALID_MODEL",
      /12 bytes for f32\[3\]/,
    ],
    ["a negative offset", withConstant('element_type="f32" shape="2" offset="-8" size="8"'), "INVALID_MODEL", /offset cannot be read.*-8/],
    [
      "a shape that is not known",
      withConstant('element_type="f32" shape="?" offset="0" size="8"'),
      "INVALID_MODEL",
      /shape cannot be read/,
    ],
    [
      "a shape beyond all memory",
      withConstant('element_type="f32" shape="4294967296,4294967296" offset="0" size="0"'),
      "INVALID_MODEL",
      /does not fit/,
    ],
    ["no type", withConstant('shape="2" offset="0" size="8"'), "INVALID_MODEL", /element type is not known/],
  ];
  test.each(cases)("with %s are refused", (_, parts, code, message) => {
    const error = errorOf(parts);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});
