import type { Command } from "commander";
import { Option } from "commander";
import {
  collect,
  type CommonOptions,
  modelArgument,
  weightsArgument,
  newCommand,
  numberFrom,
  parseConfig,
  printJson,
  printLine,
} from "../common-options.ts";
import { findDevice } from "../../devices/registry.ts";
import { Core } from "../../runtime/core.ts";
import { describePort } from "../describe-port.ts";
import { formatTable } from "../format-table.ts";
import { readInputs } from "../input-files.ts";
import { latencies, measure } from "../measure.ts";
import { Progress } from "../progress.ts";
import { randomInput } from "../random-input.ts";
import { reshapeFromText } from "../reshape-from-text.ts";
import { proofEffort } from "../../kernel/kernel-proof.ts";

interface Options extends CommonOptions {
  readonly device: string;
  readonly hint: "latency" | "throughput";
  readonly api?: "sync" | "async";
  readonly nthreads?: number;
  readonly nireq?: number;
  readonly niter?: number;
  readonly seconds: number;
  readonly shape?: string;
  readonly inputs?: string;
  readonly config?: readonly string[];
  readonly pc?: boolean;
}

export const benchmarkCommand = (): Command =>
  newCommand("benchmark", "Runs a model again and again and reports latency and throughput.", [
    "benchmark model.xml                                  latency of one request",
    "benchmark model.xml --hint throughput --nireq 4",
    'benchmark model.onnx --shape "x[1,3,640,640]" --nthreads 1 --seconds 5 --pc',
  ])
    .argument("<model>", modelArgument)
    .argument("[weights]", weightsArgument)
    .option("-d, --device <name>", "device to run on", "CPU")
    .addOption(new Option("--hint <goal>", "what to tune for").choices(["latency", "throughput"]).default("latency"))
    .addOption(
      new Option("--api <api>", "wait for each inference, or keep several going; sync for latency, async for throughput").choices([
        "sync",
        "async",
      ]),
    )
    .option("--nthreads <number>", "threads to run on", numberFrom(1, true))
    .option("--nireq <number>", "requests of the async API", numberFrom(1, true))
    .option("--niter <number>", "inferences to run instead of a time", numberFrom(1, true))
    .option("--seconds <number>", "how long to run", numberFrom(0.001, false), 10)
    .option("--shape <list>", "shapes of the inputs, as in [1,3,224,224] or data[1,3,224,224],info[1,3]")
    .option("--inputs <file.npz>", "the inputs; random numbers where it is not given")
    .option("--config <key=value>", "a property of the device; may be given several times", collect)
    .option("--pc", "report the time of each step")
    .action(benchmark);

async function benchmark(path: string, weights: string | undefined, options: Options): Promise<void> {
  const progress = new Progress();
  const core = new Core();
  const read = await progress.stage("Reading the model", () => core.readModel(path, weights));
  const model = options.shape === undefined ? read : reshapeFromText(read, options.shape);
  const { properties } = findDevice(options.device);
  const config = {
    ...("PERFORMANCE_HINT" in properties ? { PERFORMANCE_HINT: options.hint.toUpperCase() } : {}),
    ...(options.nthreads === undefined ? {} : { INFERENCE_NUM_THREADS: options.nthreads }),
    ...(options.pc ? { PERF_COUNT: true } : {}),
    ...parseConfig(options.config),
  };
  const before = proofEffort();
  const start = performance.now();
  const compiled = await progress.stage(`Compiling for ${options.device}`, () => core.compileModel(model, options.device, config));
  const compileMilliseconds = performance.now() - start;
  const proof = {
    kernels: proofEffort().kernels - before.kernels,
    milliseconds: proofEffort().milliseconds - before.milliseconds,
  };
  const given = options.inputs === undefined ? undefined : await readInputs(options.inputs, compiled.inputs);
  const inputs = compiled.inputs.map((port, i) => given?.get(port) ?? randomInput(port, i));
  const api = options.api ?? (options.hint === "throughput" ? "async" : "sync");
  const { times, milliseconds, profile, requests } = await progress.stage("Measuring", () =>
    measure(compiled, inputs, {
      api,
      requests: options.nireq,
      inferences: options.niter,
      seconds: options.seconds,
      update: (text) => progress.update(text),
    }),
  );
  const latency = latencies(times);
  const throughput = (times.length / milliseconds) * 1000;
  const steps = options.pc ? profile : undefined;
  if (options.json)
    return printJson({
      device: options.device,
      hint: options.hint,
      api,
      requests,
      inputs: compiled.inputs.map((port, i) => ({ ...describePort(port), shape: inputs[i].shape })),
      compileMilliseconds,
      proof,
      count: times.length,
      durationMilliseconds: milliseconds,
      latencyMilliseconds: latency,
      throughput,
      ...(steps === undefined ? {} : { steps }),
    });
  if (steps !== undefined) {
    const total = steps.reduce((sum, step) => sum + step.microseconds, 0) || 1;
    const rows = steps.map((s) => [
      s.name,
      s.type,
      s.implementation,
      (s.microseconds / 1000).toFixed(3),
      `${((100 * s.microseconds) / total).toFixed(1)}%`,
      s.operations === undefined ? "" : (s.operations / s.microseconds / 1000).toFixed(1),
    ]);
    printLine(`${formatTable([["step", "operation", "kernel", "ms", "share", "GFLOP/s"], ...rows], [3, 4, 5])}\n`);
  }
  const ms = (value: number): string => `${value.toFixed(3)} ms`;
  printLine(
    formatTable([
      ["device", `${options.device}, ${api}, ${requests} request${requests === 1 ? "" : "s"}`],
      ["compilation", ms(compileMilliseconds)],
      [
        "proof of bounds",
        `${ms(proof.milliseconds)}, ${((100 * proof.milliseconds) / compileMilliseconds).toFixed(1)}% of it, for ${proof.kernels} kernels`,
      ],
      ["count", `${times.length} inferences`],
      ["duration", ms(milliseconds)],
      ["latency", `median ${ms(latency.median)}, average ${ms(latency.average)}, min ${ms(latency.min)}, max ${ms(latency.max)}`],
      ["throughput", `${throughput.toFixed(2)} per second`],
    ]),
  );
}
