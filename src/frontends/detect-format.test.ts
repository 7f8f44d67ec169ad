import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { node, onnxBytes } from "../../test/support/onnx-model.ts";
import { VintnerError } from "../common/errors.ts";
import { thrownBy } from "../common/thrown-error.fixture.ts";
import { encodePng } from "../formats/image/png.ts";
import { newImage } from "../formats/image/rgb-image.ts";
import { saveModelSync } from "../ir/save-model.ts";
import { serializeModel } from "../ir/serialize-model.ts";
import { Model } from "../model/model.ts";
import { opset } from "../opset.ts";
import { readModelSync } from "./read-model.ts";

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const latin1 = (content: string): Uint8Array => Uint8Array.from(content, (c) => c.charCodeAt(0));
/** A protobuf field that has a length. */
const field = (number: number, content: Uint8Array | string): Uint8Array => {
  const bytes = typeof content === "string" ? text(content) : content;
  const varint = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >>> 7)]);
  return Uint8Array.from([...varint(number * 8 + 2), ...varint(bytes.length), ...bytes]);
};
const join2 = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((p) => [...p]));
const graphDef = field(1, join2(field(1, "x"), field(2, "Placeholder")));
const metaGraph = join2(field(1, field(5, "1.12.0")), field(2, graphDef));

const failure = (bytes: Uint8Array, name = "model"): VintnerError => thrownBy(() => readModelSync({ bytes, name }));

const x = opset.parameter("f32", "[2]", "x");
const model = new Model({ name: "net", parameters: [x], results: [opset.result(opset.add(x, opset.constant("f32", [1, 2])), "y")] });
const ir = serializeModel(model);
const onnx = onnxBytes({ nodes: [node("Relu", ["x"], ["y"])] });

describe("formats are told by their content, whatever the name", () => {
  test.each(["model.onnx", "model.xml", "model.tflite", "model"])("IR and ONNX called %s", (name) => {
    expect(readModelSync({ bytes: onnx, name }).outputs).toHaveLength(1);
    expect(readModelSync({ bytes: text(ir.xml), name, files: { [`${name.replace(/\.\w*$/, "")}.bin`]: ir.bin } }).name).toBe("net");
  });

  test.each([
    ["the text of a network", text('name: "net"\nlayer {\n  name: "x"\n  type: "Input"\n}\n')],
    ["weights", join2(field(1, "net"), field(100, join2(field(1, "conv1"), field(2, "Convolution"))))],
    ["weights of version 1 of the format", field(2, join2(field(4, "conv1"), Uint8Array.of(40, 4)))],
  ])("Caffe, %s", (_, bytes) => {
    for (const name of ["model", "model.onnx", "model.xml"]) expect(failure(bytes, name).message).toMatch(/model\.(caffemodel|prototxt)/);
  });

  test.each([
    ["a symbol", text('{\n  "nodes": [\n    {\n      "op": "null", "name": "data", "inputs": []}]}')],
    ["arrays", latin1("\x12\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0")],
  ])("MXNet, %s", (_, bytes) => {
    for (const name of ["model", "model.onnx", "model.xml"]) expect(failure(bytes, name).message).toMatch(/-0000\.params|-symbol\.json/);
  });

  test.each([
    ["as it is written", latin1("\0B<Nnet3> \ninput-node name=input dim=4\n")],
    ["as text", text("<Nnet3> \ninput-node name=input dim=4\n")],
  ])("Kaldi, %s", (_, bytes) => {
    for (const name of ["model", "model.onnx", "model.xml"]) expect(failure(bytes, name).message).toContain("network of Kaldi");
  });

  test.each([
    ["TensorFlow Lite", "a TensorFlow Lite model", latin1("\x1c\0\0\0TFL3\x14\0\x20\0")],
    ["TensorFlow", "a TensorFlow GraphDef", graphDef],
    ["TensorFlow", "a TensorFlow meta graph", metaGraph],
    ["TensorFlow", "a TensorFlow SavedModel", join2(Uint8Array.of(8, 1), field(2, metaGraph))],
    ["TensorFlow", "a TensorFlow GraphDef as text", text('node {\n  name: "x"\n  op: "Placeholder"\n}\n')],
    ["TensorFlow", "the index of a TensorFlow checkpoint", join2(new Uint8Array(48), latin1("\x57\xfb\x80\x8b\x24\x75\x47\xdb"))],
    ["TensorFlow.js", "a TensorFlow.js graph model", text('{"format": "graph-model", "modelTopology": {}}')],
    ["TensorFlow.js", "a TensorFlow.js layers model", text('{\n "modelTopology": {}, "format":"layers-model"}')],
    ["Keras", "an HDF5 file, as Keras writes", latin1("\x89HDF\r\n\x1a\n\0\0")],
    ["Keras", "a Keras model", zipSync({ "metadata.json": text("{}"), "config.json": text("{}"), "model.weights.h5": text("") })],
  ])("%s, %s, has no reader yet", (title, what, bytes) => {
    for (const name of ["model", "model.onnx", "model.xml"])
      expect(failure(bytes, name)).toMatchObject({
        code: "UNSUPPORTED",
        details: {
          what: `models of ${title} cannot be read yet`,
          where: name,
          got: what,
          expected: expect.stringContaining("ONNX (.onnx)"),
        },
      });
  });

  test.each([
    ["text", text("what"), /text that begins "what"/],
    ["a picture", encodePng(newImage(2, 2)), /a PNG picture/],
    ["a pointer of Git LFS", text("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n"), /git lfs pull/],
    ["a web page", text("<!DOCTYPE html><html></html>"), /gave a page instead/],
    ["zeros", new Uint8Array(64), /64 bytes that begin 00 00/],
    ["a ZIP archive", zipSync({ a: text("a") }), /a ZIP archive/],
  ])("%s is described, with the formats that are known", (_, bytes, pattern) => {
    const error = failure(bytes);
    expect(error.code).toBe("FORMAT");
    expect(error.message).toMatch(pattern);
    for (const known of ["ONNX (.onnx)", "OpenVINO IR (.xml)", "TensorFlow Lite", "Kaldi"]) expect(error.details.expected).toContain(known);
  });

  it("gives typed errors for whatever is made of such files, 500 times", () => {
    const samples = [
      onnx,
      text(ir.xml),
      graphDef,
      join2(Uint8Array.of(8, 1), field(2, metaGraph)),
      join2(field(1, "net"), field(100, join2(field(1, "conv1"), field(2, "Convolution")))),
      latin1("\x1c\0\0\0TFL3\x14\0\x20\0"),
      text('{"format": "graph-model", "modelTopology": {}}'),
      text('{\n  "nodes": [\n    {\n      "op": "null", "name": "data", "inputs": []}]}'),
      latin1("\0B<Nnet3> \ninput-node name=input dim=4\n"),
      zipSync({ "config.json": text("{}"), "model.weights.h5": text("") }),
    ];
    let state = 7;
    const next = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const codes = new Set<string>();
    for (let i = 0; i < 500; i++) {
      const bytes = samples[next(samples.length)].slice();
      for (let changes = next(4); changes >= 0; changes--) bytes[next(Math.min(bytes.length, 64))] = next(256);
      try {
        readModelSync({ bytes: bytes.subarray(0, 1 + next(bytes.length)), name: "model", files: { "model.bin": ir.bin } });
      } catch (error) {
        codes.add(error instanceof VintnerError ? error.code : String(error));
      }
    }
    for (const code of codes) expect(code).toMatch(/^(FORMAT|UNSUPPORTED|UNSUPPORTED_OPERATION|INVALID_MODEL|FILE_NOT_FOUND)$/);
    expect(codes.size).toBeGreaterThan(2);
  });

  it("takes the name where a damaged file shows nothing", () => {
    expect(failure(text("what"), "net.onnx").message).toContain("not an ONNX model");
    expect(failure(text("what"), "net.xml").message).toContain("no well-formed XML");
  });

  it("takes the framework that is named, and says which have no reader", () => {
    const named = (framework: string): VintnerError => thrownBy(() => readModelSync({ bytes: text("what") }, { framework }));
    expect(named("onnx").message).toContain("not an ONNX model");
    expect(named("tflite")).toMatchObject({ code: "UNSUPPORTED", details: { what: "models of TensorFlow Lite cannot be read yet" } });
    expect(named("caffe9")).toMatchObject({ code: "INVALID_ARGUMENT", details: { expected: expect.stringContaining("onnx") } });
  });
});

describe("a folder, or a map of files", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "vintner-detect-"));
    for (const name of ["one", "two", "saved", "none", "source"]) mkdirSync(join(folder, name));
    saveModelSync(model, join(folder, "one/net.xml"), { compressToFp16: false });
    writeFileSync(join(folder, "one/readme.txt"), "about");
    saveModelSync(model, join(folder, "two/a.xml"));
    writeFileSync(join(folder, "two/b.onnx"), onnx);
    writeFileSync(join(folder, "saved/saved_model.pb"), join2(Uint8Array.of(8, 1), field(2, metaGraph)));
    writeFileSync(join(folder, "none/readme.txt"), "about");
    writeFileSync(join(folder, "source/net.tflite"), latin1("\x1c\0\0\0TFL3\x14\0\x20\0"));
    writeFileSync(join(folder, "source/model"), onnx);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const errorOf = (name: string): VintnerError => thrownBy(() => readModelSync(join(folder, name)));

  it("is read where one model lies in it", () => {
    expect(serializeModel(readModelSync(join(folder, "one")))).toEqual(ir);
    expect(readModelSync(join(folder, "source")).outputs).toHaveLength(1);
    const files = { "net.xml": text(ir.xml), "net.bin": ir.bin, "readme.txt": text("about") };
    for (const source of [{ files }, new Map(Object.entries(files)), { files, name: "net.xml" }])
      expect(serializeModel(readModelSync(source))).toEqual(ir);
  });

  it("is refused where there are several, none, or one without a reader, and says what was seen", () => {
    expect(errorOf("two")).toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { got: "a.xml (an OpenVINO IR), b.onnx (an ONNX model)", hint: "Name one of the files" },
    });
    expect(errorOf("none")).toMatchObject({ code: "FORMAT", details: { got: "readme.txt" } });
    expect(errorOf("saved")).toMatchObject({ code: "UNSUPPORTED", details: { got: "a TensorFlow SavedModel" } });
    expect(thrownBy(() => readModelSync({ files: {} }))).toMatchObject({ code: "FORMAT", details: { got: "an empty folder" } });
  });
});

const shared = resolve(import.meta.dirname, "../../../shared/models");
const absent = existsSync(shared) ? "" : " (skipped: ../shared/models is absent)";
describe.skipIf(absent !== "")(`real pairs of files${absent}`, () => {
  test.each([
    ["multi_mtcnn/det1.prototxt", "multi_mtcnn/det1.caffemodel"],
    ["multi_mtcnn/det1-symbol.json", "multi_mtcnn/det1-0001.params"],
  ])("%s is found in a folder with %s", (...names) => {
    const files = Object.fromEntries(names.toReversed().map((name) => [basename(name), readFileSync(join(shared, name))]));
    const [found, named] = [
      readModelSync({ files: { ...files, "readme.txt": text("about") } }),
      readModelSync(join(shared, names[0]), join(shared, names[1])),
    ];
    expect(found.nodes().map((n) => n.type)).toEqual(named.nodes().map((n) => n.type));
    expect(serializeModel(found).bin).toEqual(serializeModel(named).bin);
  });
});

describe.skipIf(absent !== "")(`real models of formats without a reader${absent}`, () => {
  test.each([
    ["multi_mtcnn/mtcnn.pb", "a TensorFlow GraphDef"],
    ["multi_samplenet/samplenet.pb", "a TensorFlow GraphDef"],
    ["multi_samplenet/samplenet_tf2", "a TensorFlow SavedModel"],
    ["multi_samplenet/samplenet_tf2/saved_model.pb", "a TensorFlow SavedModel"],
    ["mlperftiny/kws_ref_model/saved_model.pb", "a TensorFlow SavedModel"],
    ["tf_rnn/regression/checkpoint/model.meta", "a TensorFlow meta graph"],
    ["tf_rnn/regression/checkpoint/model.index", "the index of a TensorFlow checkpoint"],
    ["tf_rnn/lstm/frozen.pb", "a TensorFlow GraphDef"],
    ["multi_basicpitch/nmp.tflite", "a TensorFlow Lite model"],
    ["multi_basicpitch/tfjs/model.json", "a TensorFlow.js graph model"],
    ["multi_basicpitch/tfjs", "a TensorFlow.js graph model"],
    ["multi_blazeface/blazeface.json", "a TensorFlow.js graph model"],
  ])("%s is %s", (path, what) => {
    expect(thrownBy(() => readModelSync(join(shared, path)))).toMatchObject({ code: "UNSUPPORTED", details: { got: what } });
  });
});
