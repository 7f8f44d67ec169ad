import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { thrownBy } from "../../common/thrown-error.fixture.ts";
import { kindOfPath, listFolder, openFile, openFileAsync, pathInside } from "./open-file.ts";

describe("files that are read in ranges", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "vintner-open-"));
    writeFileSync(
      join(folder, "small"),
      Uint8Array.from({ length: 100 }, (_, i) => i),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("gives views on a small file, that was read once, also after it is closed", async () => {
    for (const file of [openFile(join(folder, "small")), await openFileAsync(join(folder, "small"))]) {
      expect([file.name, file.size, [...file.read(98)], [...file.read(3, 2)], file.read(100).length]).toEqual([
        "small",
        100,
        [98, 99],
        [3, 4],
        0,
      ]);
      file.close();
      expect(file.read(0, 1).buffer).toBe(file.read(50, 1).buffer);
    }
  });

  it.each([
    [0, 101],
    [100, 1],
    [101, undefined],
    [-1, 1],
    [0, -1],
    [0.5, 1],
    [Number.NaN, 1],
  ])("refuses the range %d, %d", (offset, length) => {
    expect(thrownBy(() => openFile(join(folder, "small")).read(offset, length)).code).toBe("FORMAT");
  });

  it("reads ranges of a file of 5 GB without reading the rest", () => {
    const path = join(folder, "large");
    const size = 5e9;
    const descriptor = openSync(path, "w");
    ftruncateSync(descriptor, size);
    for (const at of [0, 2 ** 31, 2 ** 32, size - 4]) writeSync(descriptor, new TextEncoder().encode("here"), 0, 4, at);
    closeSync(descriptor);
    const before = process.memoryUsage().arrayBuffers;
    const file = openFile(path);
    const words = [0, 2 ** 31, 2 ** 32, size - 4].map((at) => new TextDecoder().decode(file.read(at, 4)));
    const long = file.read(2 ** 32 - 50_000, 100_000);
    file.close();
    expect([file.size, ...words]).toEqual([size, "here", "here", "here", "here"]);
    expect(new TextDecoder().decode(long.subarray(50_000, 50_004))).toBe("here");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32e6);
    expect(thrownBy(() => file.read(0, 4)).code).toBe("INTERNAL");
    rmSync(path);
  });

  it("refuses pipes and devices without waiting for them, folders, and what is not there", async () => {
    execFileSync("mkfifo", [join(folder, "pipe")]);
    for (const path of [join(folder, "pipe"), "/dev/zero"]) {
      expect(thrownBy(() => openFile(path))).toMatchObject({ code: "FILE_ACCESS", details: { expected: "a regular file" } });
      expect(thrownBy(() => kindOfPath(path)).code).toBe("FILE_ACCESS");
      await expect(openFileAsync(path)).rejects.toMatchObject({ code: "FILE_ACCESS" });
    }
    expect(thrownBy(() => openFile(folder)).details.what).toContain("folder");
    expect(thrownBy(() => openFile(join(folder, "none"))).code).toBe("FILE_NOT_FOUND");
    rmSync(join(folder, "pipe"));
  });

  it("lists a folder with those inside it, and does not follow links in circles", () => {
    mkdirSync(join(folder, "tree/a/b"), { recursive: true });
    for (const name of ["z", "a/y", "a/b/x"]) writeFileSync(join(folder, "tree", name), "");
    symlinkSync("..", join(folder, "tree/a/up"));
    expect(listFolder(join(folder, "tree"))).toEqual(["a/b/x", "a/up", "a/y", "z"]);
    expect(thrownBy(() => listFolder(join(folder, "none"))).code).toBe("FILE_NOT_FOUND");
  });

  it("follows links inside a model's folder, and to where its own file lies, no others", () => {
    mkdirSync(join(folder, "cache/blobs"), { recursive: true });
    mkdirSync(join(folder, "cache/model/data"), { recursive: true });
    for (const name of ["cache/blobs/1", "cache/blobs/2", "cache/model/data/own", "cache/secret"]) writeFileSync(join(folder, name), name);
    const model = join(folder, "cache/model");
    symlinkSync("../blobs/1", join(model, "model.onnx"));
    symlinkSync("../blobs/2", join(model, "weights"));
    symlinkSync("data/own", join(model, "link"));
    symlinkSync("../secret", join(model, "out"));
    symlinkSync("..", join(model, "parent"));
    symlinkSync("nothing", join(model, "broken"));
    const to = (location: string, main?: string): string =>
      pathInside(model, main, location).slice(pathInside(folder, undefined, ".").length + 1);
    expect(to("data/own")).toBe("cache/model/data/own");
    expect(to("link")).toBe("cache/model/data/own");
    expect(to("weights", "model.onnx")).toBe("cache/blobs/2");
    for (const location of ["weights", "out", "parent/secret"])
      expect(thrownBy(() => to(location))).toMatchObject({ code: "INVALID_MODEL", details: { got: "a link out of it" } });
    expect(thrownBy(() => to("out", "model.onnx")).code).toBe("INVALID_MODEL");
    expect(thrownBy(() => to("broken")).code).toBe("FILE_NOT_FOUND");
  });
});
