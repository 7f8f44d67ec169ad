import { describe, expect, test } from "vitest";
import { childOf, childrenOf, parseXml, type XmlElement } from "../formats/xml/parse-xml.ts";
import { readModelSync } from "../frontends/read-model.ts";
import { Model } from "../model/model.ts";
import { Node } from "../model/node.ts";
import { Add } from "../ops/elementwise/add.ts";
import { opset } from "../opset.ts";
import { constant, constantNode } from "../ops/infrastructure/constant.ts";
import { parameter } from "../ops/infrastructure/parameter.ts";
import { result } from "../ops/infrastructure/result.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type SerializedModel, serializeModel } from "./serialize-model.ts";

const input = (shape: string): Node => parameter("f32", PartialShape.parse(shape), "x");
const rootOf = ({ xml }: SerializedModel): XmlElement => parseXml(new TextEncoder().encode(xml), "model.xml");
const layersOf = (root: XmlElement): XmlElement[] => childrenOf(childOf(root, "layers"), "layer");
const reread = ({ xml, bin }: SerializedModel): Model =>
  readModelSync({ name: "model.xml", bytes: new TextEncoder().encode(xml), files: { "model.bin": bin } });

describe("serializeModel", () => {
  test("writes a small network to the letter", () => {
    const x = input("[?,2]");
    const sum = new Node(Add, [x.outputs[0], constant("f32", [1, 2], [2], { friendlyName: "w" })], {}, { friendlyName: "sum" });
    sum.outputs[0].names.add("b").add("a,c");
    const written = serializeModel(new Model({ name: "n", parameters: [x], results: [result(sum.outputs[0], "y")] }));
    expect(written.xml).toMatchInlineSnapshot(`
      "<?xml version="1.0"?>
      <net name="n" version="11">
      	<layers>
      		<layer id="0" name="x" type="Parameter" version="opset1">
      			<data shape="?,2" element_type="f32" />
      			<output>
      				<port id="0" precision="FP32" names="x">
      					<dim>-1</dim>
      					<dim>2</dim>
      				</port>
      			</output>
      		</layer>
      		<layer id="1" name="w" type="Const" version="opset1">
      			<data element_type="f32" shape="2" offset="0" size="8" />
      			<output>
      				<port id="0" precision="FP32">
      					<dim>2</dim>
      				</port>
      			</output>
      		</layer>
      		<layer id="2" name="sum" type="Add" version="opset1">
      			<data auto_broadcast="numpy" />
      			<input>
      				<port id="0" precision="FP32">
      					<dim>-1</dim>
      					<dim>2</dim>
      				</port>
      				<port id="1" precision="FP32">
      					<dim>2</dim>
      				</port>
      			</input>
      			<output>
      				<port id="2" precision="FP32" names="a\\,c,b">
      					<dim>-1</dim>
      					<dim>2</dim>
      				</port>
      			</output>
      		</layer>
      		<layer id="3" name="y" type="Result" version="opset1" output_names="a\\,c,b">
      			<input>
      				<port id="0" precision="FP32">
      					<dim>-1</dim>
      					<dim>2</dim>
      				</port>
      			</input>
      		</layer>
      	</layers>
      	<edges>
      		<edge from-layer="0" from-port="0" to-layer="2" to-port="0" />
      		<edge from-layer="1" from-port="0" to-layer="2" to-port="1" />
      		<edge from-layer="2" from-port="2" to-layer="3" to-port="0" />
      	</edges>
      	<rt_info />
      </net>
      "
    `);
    expect(written.bin).toEqual(new Uint8Array(new Float32Array([1, 2]).buffer));
  });

  test("names with commas, quotes, backslashes and signs of XML are read back", () => {
    const names = ["a,b", 'c"d', "e<f>&g'", "h\ti"];
    const x = input("[2]");
    const y = opset.relu(x);
    for (const name of names) y.outputs[0].names.add(name);
    const model = reread(serializeModel(new Model({ name: 'n"<&>', parameters: [x], results: [result(y.outputs[0], "r,1")] })));
    expect(model.name).toBe('n"<&>');
    expect([...(model.results[0] as Node).inputs[0].names].toSorted()).toEqual(names.toSorted());
  });

  test("unknown and bounded dimensions are read back, as far as ports go", () => {
    for (const shape of ["[?,2..5,3..,4]", "[]", "[0,3]"]) {
      const x = input(shape);
      const model = reread(serializeModel(new Model({ name: "n", parameters: [x], results: [result(opset.relu(x).outputs[0], "y")] })));
      expect(model.inputs[0]?.partialShape.toString()).toBe(shape);
      expect(model.outputs[0]?.partialShape.toString()).toBe(shape);
    }
    const x = parameter("f32", PartialShape.dynamic, "x");
    const model = reread(serializeModel(new Model({ name: "n", parameters: [x], results: [result(opset.relu(x).outputs[0], "y")] })));
    expect(model.inputs[0]?.partialShape.rank).toBeUndefined();
  });

  test("constants of every width keep their bytes; equal ones share them", () => {
    const tensors = [
      new Tensor("i64", [2], new BigInt64Array([-1n, 2n ** 62n])),
      new Tensor("f64", [1], new Float64Array([Math.PI])),
      new Tensor("i8", [3], new Int8Array([-1, 0, 1])),
      new Tensor("f16", [1], new Uint16Array([0x3c00])),
      new Tensor("boolean", [2], new Uint8Array([1, 0])),
      new Tensor("u8", [2], new Uint8Array([1, 0])),
      new Tensor("f32", [0, 4]),
    ];
    const results = tensors.map((t, i) => result(constantNode(t, { friendlyName: `c${i}` }).outputs[0], `y${i}`));
    const written = serializeModel(new Model({ name: "n", parameters: [], results }));
    const read = reread(written).results.map((r) => r.inputs[0]?.node.constant as Tensor);
    expect(read.map((t) => [t.elementType, t.shape, t.bytes])).toEqual(tensors.map((t) => [t.elementType, t.shape, t.bytes]));
    const offsets = new Map(layersOf(rootOf(written)).map((l) => [l.attributes["name"], childOf(l, "data")?.attributes["offset"]]));
    expect(offsets.get("c4")).toBe(offsets.get("c5"));
  });

  test("what was set on the network, its layers and its tensors is read back", () => {
    const x = input("[2]");
    const y = opset.relu(x);
    y.rtInfo.set("fused_names_0", { version: "0", value: "a" });
    y.outputs[0].rtInfo.set("old_api_map_element_type_0", { version: "0", value: "f16" });
    const model = new Model({ name: "n", parameters: [x], results: [result(y.outputs[0], "y")] });
    model.rtInfo.set("conversion_parameters", { "a key": "1", tree: { leaf: "<2>" } });
    const read = reread(serializeModel(model));
    const node = read.results[0]?.inputs[0]?.node;
    expect(Object.fromEntries(read.rtInfo)).toEqual(Object.fromEntries(model.rtInfo));
    expect(Object.fromEntries(node?.rtInfo ?? [])).toEqual(Object.fromEntries(y.rtInfo));
    expect(Object.fromEntries(node?.outputs[0].rtInfo ?? [])).toEqual(Object.fromEntries(y.outputs[0].rtInfo));
  });

  test("with FP16, a Convert that is marked stands behind each constant of floats, and the numbers are read as f16 holds them", () => {
    const x = input("[2]");
    const y = opset.multiply(x, constant("f32", [0.1, 3], [2], { friendlyName: "w" }));
    const written = serializeModel(new Model({ name: "n", parameters: [x], results: [result(y.outputs[0], "y")] }), {
      compressToFp16: true,
    });
    const layers = layersOf(rootOf(written));
    expect(layers.map((l) => `${l.attributes["type"]} ${l.attributes["name"]}`).slice(1, 3)).toEqual(["Const w_compressed", "Convert w"]);
    expect(childOf(layers[2], "rt_info")?.children[0]?.attributes).toEqual({ name: "decompression", version: "0" });
    expect(written.bin).toEqual(new Uint8Array(new Uint16Array([0x2e66, 0x4200]).buffer));
  });

  test("the same model gives the same text; the model is not changed", () => {
    const x = input("[2]");
    const y = opset.multiply(x, constant("f32", [0.1, 3]));
    const model = new Model({ name: "n", parameters: [x], results: [result(y.outputs[0], "y")] });
    const before = serializeModel(model);
    serializeModel(model, { compressToFp16: true });
    expect(serializeModel(model)).toEqual(before);
  });
});
