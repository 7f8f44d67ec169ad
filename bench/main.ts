import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type BenchCase, casesMatching, shared } from "./cases.ts";
import { formatReport, type Measurement } from "./report.ts";

/**
 * Times vintner and its peers on the same networks, in turn, in one run: each engine in a process of its own, rounds
 * alternating, so that a change of the clock hits them all. Prints medians and their ratios.
 */
const { values } = parseArgs({
  options: {
    only: { type: "string" },
    threads: { type: "string", default: "1,2" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "0.6" },
    engines: { type: "string", default: "vintner,vintner x64-avx2,vintner wasm,onnxruntime-node,onnxruntime-web,openvino" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  process.stdout.write("npm run bench -- [--only NAME] [--threads 1,2] [--rounds 5] [--seconds 0.6] [--engines a,b] [--json]\n");
  process.exit(0);
}
const names = values.engines.split(",");
const peersPresent = existsSync(resolve(import.meta.dirname, "node_modules"));
if (!peersPresent && names.some((name) => name.startsWith("onnxruntime")))
  process.stderr.write("ONNX Runtime is not installed: npm run bench:peers\n");
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

interface Runner {
  readonly name: string;
  readonly measure: () => Promise<number[]>;
  readonly end: () => void;
}

function message<T>(child: ChildProcess): Promise<T> {
  return new Promise((done, fail) => {
    child.once("message", (m) => done(m as T));
    child.once("exit", (code) => fail(new Error(`exit code ${code}`)));
  });
}

async function forked(name: string, benchCase: BenchCase, threads: number): Promise<Runner | undefined> {
  const child = fork(resolve(import.meta.dirname, "worker.ts"), [name, benchCase.name, String(threads)], {
    execArgv: process.execArgv,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  try {
    await message(child);
  } catch {
    process.stderr.write(`${name} does not run ${benchCase.name}: ${errors.trim().split("\n").slice(0, 6).join(" | ")}\n`);
    return undefined;
  }
  return {
    name,
    async measure() {
      const answer = message<{ times: number[] }>(child);
      child.send({ seconds });
      return (await answer).times;
    },
    end: () => void child.kill(),
  };
}

/** The real OpenVINO by shared/oracle/bench.py, where its environment exists or can be made. */
function oraclePython(): string | undefined {
  try {
    const folder = process.env["ORACLE_VENV"] ?? resolve(import.meta.dirname, "../.oracle");
    const python = execFileSync("bash", [resolve(shared, "oracle/setup.sh"), folder], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    })
      .trim()
      .split("\n")
      .at(-1);
    return python !== undefined && existsSync(python) ? python : undefined;
  } catch {
    return undefined;
  }
}

function openvino(python: string, benchCase: BenchCase, threads: number): Runner {
  return {
    name: "openvino",
    async measure() {
      const args = [
        resolve(shared, "oracle/bench.py"),
        benchCase.model,
        "--engine",
        "openvino",
        "--threads",
        String(threads),
        "--seconds",
        String(seconds),
        "--shape",
        `[${benchCase.shape.join(",")}]`,
      ];
      return [
        (JSON.parse(execFileSync(python, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })) as { median_ms: number })
          .median_ms,
      ];
    },
    end: () => {},
  };
}

const python = names.includes("openvino") ? oraclePython() : undefined;
const measurements: Measurement[] = [];
for (const benchCase of casesMatching(values.only))
  for (const threads of values.threads.split(",").map(Number)) {
    const runners: Runner[] = [];
    for (const name of names) {
      const runner = name === "openvino" ? python && openvino(python, benchCase, threads) : await forked(name, benchCase, threads);
      if (runner) runners.push(runner);
    }
    const medians = new Map<string, number[]>(runners.map((r) => [r.name, []]));
    for (let round = 0; round < rounds; round++)
      for (const runner of runners) {
        const times = (await runner.measure()).toSorted((a, b) => a - b);
        medians.get(runner.name)?.push(times[times.length >> 1]);
      }
    for (const runner of runners) runner.end();
    // The least median of the rounds: what disturbs a round only makes it slower.
    measurements.push({
      case: benchCase.name,
      counted: benchCase.counted,
      threads,
      milliseconds: Object.fromEntries([...medians].map(([name, m]) => [name, Math.min(...m)])),
    });
    process.stderr.write(
      `${benchCase.name}, ${threads} thread${threads > 1 ? "s" : ""}: ${[...medians].map(([n, m]) => `${n} ${Math.min(...m).toFixed(3)} ms`).join(", ")}\n`,
    );
  }
process.stdout.write(
  values.json
    ? `${JSON.stringify(measurements, undefined, 1)}\n`
    : `${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}\n\n${formatReport(measurements)}\n`,
);
