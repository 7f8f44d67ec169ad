import { execFileSync } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { node, onnxBytes, value } from "../../test/support/onnx-model.ts";
import { VintnerError } from "../common/errors.ts";
import { TensorProto_DataLocation, TensorProto_DataType } from "../formats/protobuf/generated/onnx_pb.ts";
import { saveModelSync } from "../ir/save-model.ts";
import { serializeModel } from "../ir/serialize-model.ts";
import { Model } from "../model/model.ts";
import { opset } from "../opset.ts";
import { locationInFolder } from "./location.ts";
import { readModel, readModelSync } from "./read-model.ts";

const x = opset.parameter("f32", "[2]", "x");
const model = new Model({ name: "net", parameters: [x], results: [opset.result(opset.add(x, opset.constant("f32", [1, 2])), "y")] });
const { xml, bin } = serializeModel(model);
const bytes = new TextEncoder().encode(xml);

async function errorOf(action: () => unknown): Promise<VintnerError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof VintnerError) return error;
    throw error;
  }
  throw new Error("no error was thrown");
}

describe("readModel", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "vintner-read-"));
    saveModelSync(model, join(folder, "net.xml"), { compressToFp16: false });
    mkdirSync(join(folder, "lone"));
    writeFileSync(join(folder, "lone/net.xml"), xml);
    writeFileSync(join(folder, "what.dat"), "what");
    writeFileSync(join(folder, "empty.onnx"), "");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("takes a path, with the weights beside it or given; bytes; named bytes with their files", async () => {
    const path = join(folder, "net.xml");
    const weights = join(folder, "net.bin");
    const read = [
      await readModel(path),
      readModelSync(path, weights),
      readModelSync(join(folder, "lone/net.xml"), { weights: bin }),
      readModelSync(bytes, bin),
      await readModel(bytes.slice().buffer, { weights: bin.slice().buffer as ArrayBuffer, framework: "IR" }),
      readModelSync({ name: "net.xml", bytes, files: { "net.bin": bin } }),
    ];
    expect(new Set(read.map((m) => serializeModel(m).xml))).toEqual(new Set([xml]));
  });

  it("says which file is missing or unknown, and what to do", async () => {
    expect(await errorOf(() => readModel(join(folder, "none.onnx")))).toMatchObject({
      code: "FILE_NOT_FOUND",
      details: { hint: "Check the path" },
    });
    const weights = await errorOf(() => readModelSync(join(folder, "lone/net.xml")));
    expect(weights.code).toBe("FILE_NOT_FOUND");
    expect(weights.message).toContain("net.bin");
    expect((await errorOf(() => readModelSync(join(folder, "what.dat")))).message).toContain("--framework");
    expect((await errorOf(() => readModelSync(join(folder, "empty.onnx")))).message).toContain("empty");
    expect((await errorOf(() => readModelSync(bytes, { framework: "caffe9" }))).details.expected).toContain("onnx");
    expect((await errorOf(() => readModelSync(7 as never))).code).toBe("INVALID_ARGUMENT");
  });
});

describe("weights in files apart", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "vintner-weights-"));
    mkdirSync(join(folder, "model"));
    writeFileSync(join(folder, "secret.bin"), bin);
    writeFileSync(join(folder, "model/net.xml"), xml);
    writeFileSync(join(folder, "model/net.onnx"), onnxBytes(externalModel));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const dimensions = [2n];
  const externalModel = {
    nodes: [node("Add", ["x", "w"], ["y"])],
    inputs: [value("x", [2])],
    initializers: [
      {
        name: "w",
        dataType: TensorProto_DataType.FLOAT,
        dims: dimensions,
        dataLocation: TensorProto_DataLocation.EXTERNAL,
        externalData: [{ key: "location", value: "net.bin" }],
      },
    ],
  };

  it.each(["net.xml", "net.onnx"])("of %s: links out of the folder and pipes are refused, at once", async (name) => {
    const weights = join(folder, "model/net.bin");
    const path = join(folder, "model", name);
    for (const [make, code] of [
      [() => symlinkSync("../secret.bin", weights), "INVALID_MODEL"],
      [() => symlinkSync(join(folder, "secret.bin"), weights), "INVALID_MODEL"],
      [() => symlinkSync("/dev/zero", weights), "INVALID_MODEL"],
      [() => execFileSync("mkfifo", [weights]), "FILE_ACCESS"],
      [() => mkdirSync(weights), "FILE_ACCESS"],
      [() => writeFileSync(weights, "short"), name === "net.xml" ? "FORMAT" : "INVALID_MODEL"],
    ] as const) {
      make();
      expect((await errorOf(() => readModelSync(path))).code).toBe(code);
      expect((await errorOf(() => readModel(path))).code).toBe(code);
      rmSync(weights, { recursive: true });
    }
    writeFileSync(weights, bin);
    expect(
      readModelSync(path)
        .nodes()
        .find((n) => n.constant)?.constant?.data,
    ).toEqual(Float32Array.of(1, 2));
    rmSync(weights);
  });

  it("may be larger than memory: only what the constants need is read", async () => {
    const at = 4.5e9;
    const path = join(folder, "large.xml");
    writeFileSync(path, xml.replace('offset="0"', `offset="${at}"`));
    const descriptor = openSync(join(folder, "large.bin"), "w");
    ftruncateSync(descriptor, 6e9);
    writeSync(descriptor, bin, 0, bin.length, at);
    closeSync(descriptor);
    const before = process.memoryUsage().arrayBuffers;
    for (const read of [readModelSync(path), await readModel(path), readModelSync(readFileSync(path), join(folder, "large.bin"))])
      expect(read.nodes().find((n) => n.constant)?.constant?.data).toEqual(Float32Array.of(1, 2));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32e6);
    rmSync(join(folder, "large.bin"));
  });
});

test.each([
  ["weights.bin", "weights.bin"],
  ["./data//part.bin", "data/part.bin"],
  ["data\\part.bin", "data/part.bin"],
  ["a..b/c", "a..b/c"],
  ["../secret", undefined],
  ["data/../../secret", undefined],
  ["data\\..\\secret", undefined],
  ["/etc/hostname", undefined],
  ["C:\\secret", undefined],
  ["a\0b", undefined],
  [".", undefined],
  ["", undefined],
])("a model's file %j lies at %j", (location, expected) => {
  expect(locationInFolder(location)).toBe(expected);
});
