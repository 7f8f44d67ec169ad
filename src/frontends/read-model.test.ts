import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { VintnerError } from "../common/errors.ts";
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
    expect((await errorOf(() => readModelSync(folder))).code).toBe("FILE_ACCESS");
    expect((await errorOf(() => readModelSync(join(folder, "what.dat")))).message).toContain("--framework");
    expect((await errorOf(() => readModelSync(join(folder, "empty.onnx")))).message).toContain("empty");
    expect((await errorOf(() => readModelSync(bytes, { framework: "caffe9" }))).details.expected).toContain("onnx");
    expect((await errorOf(() => readModelSync(7 as never))).code).toBe("INVALID_ARGUMENT");
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
