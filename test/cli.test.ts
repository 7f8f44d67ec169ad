import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "../src/formats/image/png.ts";
import { newImage } from "../src/formats/image/rgb-image.ts";
import { readNpz, writeNpz } from "../src/formats/npy/npz.ts";
import { Tensor } from "../src/tensor/tensor.ts";
import { runCli } from "./support/run-cli.ts";
import { runModel } from "./support/run-model.ts";
import { classifierBytes, classifierInput, pyramidBytes } from "./support/small-network.ts";

/** What `--json` prints, as far as the tests look into it. */
interface Json {
  readonly nodes: readonly { readonly type: string; readonly supported?: boolean }[];
  readonly steps: readonly { readonly type: string }[];
  readonly latencyMilliseconds: Readonly<Record<string, number>>;
  readonly throughput: number;
  readonly bytes: number;
}

describe("the command", () => {
  let folder: string;
  /** A network, its input, and what REFERENCE answers: the numbers of real ones are compared in test/models.test.ts. */
  let model: string;
  let arrays: string;
  let answer: Tensor;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "vintner-cli-"));
    const source = join(folder, "source");
    mkdirSync(source);
    model = join(source, "classifier.onnx");
    arrays = join(source, "arrays.npz");
    writeFileSync(model, classifierBytes());
    const input = new Tensor("f32", [1, 3, 32, 32], classifierInput());
    writeFileSync(arrays, writeNpz([["input_0", input]]));
    [answer] = runModel(model, "REFERENCE", [input]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const files = (): string[] => readdirSync(folder).toSorted();
  const json = (text: string): Json => JSON.parse(text) as Json;

  test("explains itself", async () => {
    const [help, command, none] = await Promise.all([runCli(["--help"]), runCli(["infer", "--help"]), runCli([])]);
    expect([help.code, command.code, none.code]).toEqual([0, 0, 2]);
    for (const name of ["convert", "inspect", "infer", "query", "benchmark"]) expect(help.stdout).toContain(name);
    expect(command.stdout).toContain("Examples:");
    expect(command.stdout).toContain("--inputs <file.npz>");
  });

  test("wrong usage ends with 2, says what is right, and prints no stack", async () => {
    const results = await Promise.all([
      runCli(["transmogrify"]),
      runCli(["infer"]),
      runCli(["benchmark", model, "--hint", "speed"]),
      runCli(["infer", model, "--device", "REFERENCE", "--input", "date=x.npy", "--json"]),
    ]);
    expect(results.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
    for (const { stderr } of results) expect(stderr).not.toMatch(/\n\s+at /);
    expect(results[0].stderr).toContain("transmogrify");
    expect(results[2].stderr).toContain("latency, throughput");
    expect(results[3].stderr).toContain('no input "date"; expected "data" f32[1,3,32,32]');
    expect(json(results[3].stdout)).toMatchObject({ error: { code: "INVALID_ARGUMENT" } });
  });

  test("converts, with either spelling of long options, and infers from the IR what the source answers", async () => {
    const converted = await runCli(
      ["convert", model, "-o", "ir/", "--compress_to_fp16", "false", "--model-name", "lenet", "--json"],
      folder,
    );
    expect([converted.code, converted.stderr]).toEqual([0, ""]);
    expect(json(converted.stdout)).toMatchObject({
      xml: "ir/lenet.xml",
      bin: "ir/lenet.bin",
      inputs: [{ name: "data", elementType: "f32", shape: "[1,3,32,32]" }],
      outputs: [{ name: "fc3", shape: "[1,10]" }],
    });
    const ran = await runCli(["infer", "ir/lenet.xml", "-d", "REFERENCE", "--inputs", arrays, "-o", "out.npz", "--json"], folder);
    expect(ran.code).toBe(0);
    expect(json(ran.stdout)).toMatchObject({
      device: "REFERENCE",
      file: "out.npz",
      outputs: [{ name: "fc3", elementType: "f32", shape: [1, 10] }],
    });
    const got = [...(readNpz(readFileSync(join(folder, "out.npz"))).get("fc3") as Tensor).data].map(Number);
    const want = [...answer.data].map(Number);
    const range = Math.max(...want) - Math.min(...want);
    expect(Math.max(...want.map((v, i) => Math.abs(v - got[i])))).toBeLessThanOrEqual(1e-4 * range);
  });

  test("stores the weights with 16 bits that it is asked to", async () => {
    const sizeOf = async (...options: readonly string[]): Promise<number> => {
      const { code, stdout } = await runCli(["convert", model, "-o", "fp16/", "--json", ...options], folder);
      expect(code).toBe(0);
      return json(stdout).bytes;
    };
    const [none, all, mixed] = [await sizeOf("--compress-to-fp16", "false"), await sizeOf(), await sizeOf("--fp16-weights", "mixed")];
    expect(all / none).toBeCloseTo(0.5, 1);
    expect(mixed).toBeGreaterThan(all);
    expect(mixed).toBeLessThan(0.71 * none);
    expect((await runCli(["convert", model, "--fp16-weights", "some"], folder)).code).toBe(2);
  });

  test("an IR is never written over itself, and comes out elsewhere as it was", async () => {
    const out = join(folder, "again");
    expect((await runCli(["convert", model, "-o", "again/net.xml"], folder)).code).toBe(0);
    const refused = await Promise.all([
      runCli(["convert", "net.xml"], out),
      runCli(["convert", "again/net.xml", "net.bin", "-o", "again"], folder),
      runCli(["convert", "../again/net.xml"], out),
      runCli(["convert", ".", "-o", "net.xml"], out),
    ]);
    for (const { code, stderr } of refused)
      expect([code, stderr]).toEqual([2, expect.stringMatching(/would overwrite what is read\. Choose another place with -o/)]);
    expect((await runCli(["convert", "net.xml", "-o", "other.xml"], out)).code).toBe(0);
    for (const ending of ["xml", "bin"])
      expect(readFileSync(join(out, `other.${ending}`)).equals(readFileSync(join(out, `net.${ending}`)))).toBe(true);
  });

  test("takes pictures for inputs and says what it did to them", async () => {
    writeFileSync(join(folder, "red.png"), encodePng(newImage(64, 48, [255, 0, 0])));
    const { code, stdout, stderr } = await runCli(["infer", model, "-d", "REFERENCE", "--input", "red.png"], folder);
    expect([code, stderr]).toEqual([0, 'input "data": red.png as RGB, NCHW, f32 values 0 to 255, 32x32, resized from 64x48 (bilinear)\n']);
    expect(stdout).toContain("fc3");
  });

  test("failures end with 1 and leave no files behind", async () => {
    const before = files();
    const bytes = readFileSync(model);
    writeFileSync(join(folder, "cut.onnx"), bytes.subarray(0, 1000));
    writeFileSync(join(folder, "wrong.npz"), writeNpz([["data", new Tensor("f64", [1, 3, 32, 32])]]));
    const [absent, cut, type, unwritable, unwritableIr] = await Promise.all([
      runCli(["convert", "absent.onnx"], folder),
      runCli(["convert", "cut.onnx", "--verbose"], folder),
      runCli(["infer", model, "-d", "REFERENCE", "--inputs", "wrong.npz", "-o", "never.npz"], folder),
      runCli(["infer", model, "-d", "REFERENCE", "--inputs", arrays, "-o", "cut.onnx/never.npz"], folder),
      runCli(["convert", model, "-o", "cut.onnx/never.xml"], folder),
    ]);
    expect([absent, cut, type, unwritable, unwritableIr].map(({ code }) => code)).toEqual([1, 1, 2, 1, 1]);
    expect(absent.stderr).toMatch(/^error: .*absent\.onnx/);
    expect(cut.stderr).toMatch(/\n\s+at /);
    expect(type.stderr).toContain("wrong element type; expected f32[1,3,32,32], got f64[1,3,32,32]");
    for (const { stderr } of [unwritable, unwritableIr]) expect(stderr).toContain("cut.onnx");
    expect(files()).toEqual([...before, "cut.onnx", "wrong.npz"].toSorted());
  });

  test("says what is wrong, where, and what to do", async () => {
    const ir = join(folder, "ir.net");
    const net =
      '<net name="n" version="11"><layers><layer id="0" name="c" type="Const" version="opset1"><data element_type="f32" shape="2" offset="0" size="8"/>' +
      '<output><port id="0" precision="FP32"><dim>2</dim></port></output></layer><layer id="1" name="y" type="Result" version="opset1"><input>' +
      '<port id="0" precision="FP32"><dim>2</dim></port></input></layer></layers><edges><edge from-layer="0" from-port="0" to-layer="1" to-port="0"/></edges></net>';
    writeFileSync(ir, net);
    writeFileSync(join(folder, "weights.bin"), "abcd");
    writeFileSync(join(folder, "empty.onnx"), "");
    writeFileSync(join(folder, "picture.png"), encodePng(newImage(33, 33)));
    const whole = encodePng(newImage(64, 64, [1, 2, 3]));
    writeFileSync(join(folder, "half.png"), whole.subarray(0, whole.length - 30));
    const detector = join(folder, "source/detector.onnx");
    writeFileSync(detector, pyramidBytes());
    const cases: readonly (readonly [code: number, pattern: RegExp, ...args: readonly string[]])[] = [
      [1, /ir\.bin: there is no such file\. ir\.net keeps its weights there/, "query", ir],
      [2, /classifier\.onnx: a weights file was given.*Leave the weights file out/, "convert", model, "weights.bin"],
      [1, /empty\.onnx: the file is empty\. Check/, "query", "empty.onnx"],
      [2, /\.: the folder has several models; got cut\.onnx .*\. Name one of the files/, "query", "."],
      [2, /input "data": an input is given twice.*picture\.png/, "infer", model, "--input", "data=picture.png", "--input", "picture.png"],
      [1, /half\.png: the PNG file is damaged; got [^:]*\. Check/, "infer", model, "--input", "half.png"],
      [2, /option --mean-values does not fit input "data"/, "convert", model, "--mean-values", "[1,2]"],
      [1, /weights\.bin: the folder cannot be made; got a file of this name\. Choose/, "convert", model, "-o", "weights.bin/net.xml"],
      [1, /Add .*broadcast.*give another with --shape/, "infer", detector, "--input", "picture.png", "--shape", "[1,3,?,?]"],
    ];
    const results = await Promise.all(cases.map(([, , ...args]) => runCli(args, folder)));
    for (const [i, [code, pattern]] of cases.entries()) {
      expect(results[i]?.stderr).toMatch(pattern);
      expect(results[i]?.stderr).not.toMatch(/\n\s+at /);
      expect(results[i]?.code, results[i]?.stderr).toBe(code);
    }
  });

  const full = "/dev/full";
  test.skipIf(!existsSync(full))(
    `says that its output has no room${existsSync(full) ? "" : " (skipped: the system has no /dev/full)"}`,
    async () => {
      const output = openSync(full, "w");
      const { code, stderr } = await runCli(["query", model, "--json"], folder, output);
      closeSync(output);
      expect([code, stderr]).toEqual([1, "error: what is printed cannot be written; got ENOSPC. Check the space where it goes.\n"]);
    },
  );

  test("queries, inspects and measures", async () => {
    const [query, stage, nodes, benchmark] = await Promise.all([
      runCli(["query", model, "-d", "REFERENCE", "--json"]),
      runCli(["inspect", model, "--stage", "optimized"]),
      runCli(["inspect", model, "--json"]),
      runCli(["benchmark", model, "-d", "REFERENCE", "--niter", "2", "--pc", "--json"]),
    ]);
    expect([query, stage, nodes, benchmark].map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([0, 0, 0, 0]);
    expect(json(query.stdout)).toMatchObject({ device: "REFERENCE", supported: true });
    expect(json(query.stdout).nodes[0].supported).toBe(true);
    expect(stage.stdout).toMatch(/%\d+ = Convolution "/);
    expect(json(nodes.stdout).nodes.map(({ type }) => type)).toContain("MaxPool");
    const measured = json(benchmark.stdout);
    expect(measured).toMatchObject({ device: "REFERENCE", api: "sync", count: 2, inputs: [{ name: "data", shape: [1, 3, 32, 32] }] });
    for (const key of ["median", "average", "min", "max"]) expect(measured.latencyMilliseconds[key]).toBeGreaterThan(0);
    expect(measured.throughput).toBeGreaterThan(0);
    expect(measured.steps.map(({ type }) => type)).toContain("Convolution");
  });
});
