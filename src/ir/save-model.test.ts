import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { thrownBy } from "../common/thrown-error.fixture.ts";
import { Model } from "../model/model.ts";
import { Node } from "../model/node.ts";
import { Add } from "../ops/elementwise/add.ts";
import { constant } from "../ops/infrastructure/constant.ts";
import { parameter } from "../ops/infrastructure/parameter.ts";
import { result } from "../ops/infrastructure/result.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import { saveModel, saveModelSync } from "./save-model.ts";

const x = parameter("f32", new PartialShape([2]), "x");
const model = new Model({
  name: "net",
  parameters: [x],
  results: [result(new Node(Add, [x.outputs[0], constant("f32", [0.5, 1])]).outputs[0], "y")],
});

const asRoot = process.getuid?.() === 0 ? " (skipped: root may write everywhere)" : "";

describe("saveModel", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "vintner-save-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("writes both files, with FP16 weights unless told otherwise, and replaces what was there", async () => {
    const path = join(folder, "net.xml");
    saveModelSync(model, path, { compressToFp16: false });
    expect(readFileSync(join(folder, "net.bin"))).toHaveLength(8);
    await saveModel(model, path);
    expect(readFileSync(join(folder, "net.bin"))).toHaveLength(4);
    expect(readFileSync(path, "utf8")).toContain("decompression");
    expect(readdirSync(folder).toSorted()).toEqual(["net.bin", "net.xml"]);
  });

  it("takes openvino-node's third argument, a boolean", async () => {
    for (const [compress, bytes] of [
      [false, 8],
      [true, 4],
    ] as const) {
      saveModelSync(model, join(folder, "sync.xml"), compress);
      await saveModel(model, join(folder, "async.xml"), compress);
      for (const name of ["sync.bin", "async.bin"]) expect(readFileSync(join(folder, name))).toHaveLength(bytes);
    }
  });

  it("leaves nothing new where the .xml cannot be written", () => {
    mkdirSync(join(folder, "net.xml"));
    expect(thrownBy(() => saveModelSync(model, join(folder, "net.xml")))).toMatchObject({ code: "FILE_ACCESS" });
    expect(readdirSync(folder)).toEqual(["net.xml"]);
  });

  it("brings the old weights back where the .xml cannot be written", () => {
    mkdirSync(join(folder, "net.xml"));
    writeFileSync(join(folder, "net.bin"), "old");
    thrownBy(() => saveModelSync(model, join(folder, "net.xml")));
    expect(readFileSync(join(folder, "net.bin"), "utf8")).toBe("old");
    expect(readdirSync(folder).toSorted()).toEqual(["net.bin", "net.xml"]);
  });

  it("writes nothing where the folder is a file", () => {
    writeFileSync(join(folder, "file"), "kept");
    expect(thrownBy(() => saveModelSync(model, join(folder, "file/net.xml"))).code).toBe("FILE_ACCESS");
    expect(readdirSync(folder)).toEqual(["file"]);
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("kept");
  });

  it.skipIf(process.getuid?.() === 0)(`writes nothing to a folder without permission${asRoot}`, () => {
    chmodSync(folder, 0o500);
    expect(thrownBy(() => saveModelSync(model, join(folder, "net.xml"))).code).toBe("FILE_ACCESS");
    expect(readdirSync(folder)).toEqual([]);
    chmodSync(folder, 0o700);
  });

  it("says what to do about a folder that does not exist, and about another ending", () => {
    const missing = thrownBy(() => saveModelSync(model, join(folder, "none/net.xml")));
    expect(missing.code).toBe("FILE_ACCESS");
    expect(missing.details.hint).toContain("Create the folder");
    expect(thrownBy(() => saveModelSync(model, join(folder, "net.onnx"))).code).toBe("INVALID_ARGUMENT");
  });
});
