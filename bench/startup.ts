import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readModel } from "../src/index.ts";
import { isKnown } from "../src/tensor/dimension.ts";
import { shared } from "./cases.ts";
import { formatStartup, type Start, type Started } from "./startup/report.ts";

/**
 * Times whole processes, from `node` (or `python`) to the first answer: import, read, compile, infer, of vintner as `npm run build` leaves
 * it and of its peers, in turn; and the most memory that each held. Networks are those of ../shared/bench, whose weights
 * materialise.py draws into `--weights`, and those of ../shared/models that ONNX Runtime reads.
 */
const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string", default: "5" },
    weights: { type: "string", default: join(tmpdir(), "vintner-bench") },
    engines: { type: "string", default: "vintner,onnxruntime,openvino" },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  process.stdout.write("tsx --conditions=source bench/startup.ts [--only NAME] [--rounds 5] [--weights FOLDER] [--engines a,b]\n");
  process.exit(0);
}

interface Input {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
}

interface Network {
  readonly name: string;
  readonly path: string;
  readonly inputs: readonly Input[];
}

const here = (name: string): string => resolve(import.meta.dirname, "startup", name);
const python = execFileSync("bash", [
  resolve(shared, "oracle/setup.sh"),
  process.env["ORACLE_VENV"] ?? resolve(import.meta.dirname, "../.oracle"),
])
  .toString()
  .trim()
  .split("\n")
  .at(-1) as string;
const commands: Readonly<Record<string, readonly string[]>> = {
  vintner: [process.execPath, here("vintner.mjs")],
  onnxruntime: [process.execPath, here("onnxruntime.mjs")],
  openvino: [python, here("openvino.py")],
};

/** A network whose weights were left out, with weights; its dynamic dimensions are 1, a sequence's 128. */
async function topology(file: string): Promise<Network> {
  const path = join(values.weights, file);
  if (!existsSync(path)) {
    mkdirSync(values.weights, { recursive: true });
    execFileSync(python, [resolve(shared, "bench/materialise.py"), resolve(shared, "bench", file), path]);
  }
  const model = await readModel(path);
  const inputs = model.inputs.map((i) => ({
    name: i.anyName,
    type: i.elementType,
    shape: (i.partialShape.dimensions ?? []).map((d, axis) => (isKnown(d) ? d : axis === 0 ? 1 : 128)),
  }));
  return { name: basename(file, ".onnx"), path, inputs };
}

interface ManifestEntry {
  readonly model: string;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[]; readonly dtype: string }[];
}
const types: Readonly<Record<string, string>> = { float32: "f32", int64: "i64", int32: "i32", uint8: "u8", bool: "boolean" };

/** Trained networks, with the first shapes that the manifest has for each. */
function trained(): Network[] {
  const manifest = JSON.parse(readFileSync(resolve(shared, "models/expected/manifest.json"), "utf8")) as readonly ManifestEntry[];
  const first = new Map(manifest.toReversed().map((entry) => [entry.model, entry]));
  return [...first.values()]
    .filter(({ model }) => model.endsWith(".onnx"))
    .map(({ model, inputs }) => ({
      name: basename(model, ".onnx"),
      path: resolve(shared, "models", model),
      inputs: inputs.map(({ name, dtype, shape }) => ({ name, shape, type: types[dtype] })),
    }));
}

/** Runs one process; its time counts until it says that it has the answer. */
function start(command: readonly string[], { path, inputs }: Network): Promise<Start> {
  const begin = performance.now();
  const child = spawn(command[0], [...command.slice(1), path, JSON.stringify(inputs)], { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  let answer: Start | undefined;
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  child.stdout.on("data", (chunk: Buffer) => {
    const whole = performance.now() - begin;
    answer ??= { ...(JSON.parse(chunk.toString()) as Omit<Start, "whole">), whole };
  });
  return new Promise((done, fail) =>
    child.on("close", () => (answer ? done(answer) : fail(new Error(errors.trim().split("\n").slice(-4).join(" | "))))),
  );
}

const files = readdirSync(resolve(shared, "bench")).filter((f) => f.endsWith(".onnx"));
const wanted = ({ name }: Network): boolean => values.only === undefined || name.includes(values.only);
const topologies = await Promise.all(files.filter((f) => wanted({ name: f, path: "", inputs: [] })).map(topology));
const started: Started[] = [];
for (const network of [...topologies, ...trained().filter(wanted)]) {
  const starts = new Map<string, Start[]>(values.engines.split(",").map((engine) => [engine, []]));
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [engine, list] of starts)
      try {
        list.push(await start(commands[engine], network));
      } catch (error) {
        process.stderr.write(`${engine} does not run ${network.name}: ${(error as Error).message}\n`);
        starts.delete(engine);
      }
  started.push({ network: network.name, starts });
  process.stderr.write(`${network.name}\n`);
}
process.stdout.write(`${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}\n\n${formatStartup(started)}\n`);
