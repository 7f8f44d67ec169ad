import type { Command } from "commander";
import { VintnerError } from "../../common/errors.ts";
import { writeNpz } from "../../formats/npy/npz.ts";
import type { Model } from "../../model/model.ts";
import type { Output } from "../../model/output.ts";
import type { CompiledModel } from "../../runtime/compiled-model.ts";
import { Core } from "../../runtime/core.ts";
import type { InferRequest } from "../../runtime/infer-request.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import {
  collect,
  type CommonOptions,
  modelArgument,
  weightsArgument,
  newCommand,
  parseConfig,
  parsePair,
  printJson,
  printLine,
} from "../common-options.ts";
import { summarize } from "../describe-port.ts";
import { formatTable } from "../format-table.ts";
import { readInput, readInputs } from "../input-files.ts";
import { Progress } from "../progress.ts";
import { reshapeFromText } from "../reshape-from-text.ts";
import { writeOutput } from "../write-outputs.ts";

interface Options extends CommonOptions {
  readonly input?: readonly string[];
  readonly inputs?: string;
  readonly output?: string;
  readonly device: string;
  readonly shape?: string;
  readonly config?: readonly string[];
}

export const inferCommand = (): Command =>
  newCommand("infer", "Runs a model once on files: .npy, .npz, .png, .jpg, or raw .bin.", [
    "infer model.xml --input data=photo.jpg -o out.npz",
    "infer model.onnx --inputs arrays.npz --device REFERENCE",
    'infer model.onnx --input photo.jpg --shape "[1,3,320,320]"',
    "infer model.xml --input ids=ids.npy --input mask=mask.npy --config INFERENCE_NUM_THREADS=1",
  ])
    .argument("<model>", modelArgument)
    .argument("[weights]", weightsArgument)
    .option("--input <name=file>", "one input; may be given several times. The name may be left out where there is one input", collect)
    .option("--inputs <file.npz>", "all inputs: arrays named by tensor name, or input_0, input_1 ...")
    .option("-o, --output <file.npz>", "where to write the outputs, by tensor name, or output_0, output_1 ...")
    .option("-d, --device <name>", "device to run on", "CPU")
    .option("--shape <list>", "shapes of the inputs, as in [1,3,320,320] or data[1,3,320,320]; pictures are resized to them")
    .option("--config <key=value>", "a property of the device; may be given several times", collect)
    .action(infer);

async function infer(path: string, weights: string | undefined, options: Options): Promise<void> {
  const progress = new Progress();
  const core = new Core();
  const config = parseConfig(options.config);
  const read = await progress.stage("Reading the model", () => core.readModel(path, weights));
  const model = options.shape === undefined ? read : reshapeFromText(read, options.shape);
  const compiled = await progress.stage(`Compiling for ${options.device}`, () => core.compileModel(model, options.device, config));
  const request = compiled.createInferRequest();
  for (const [i, tensor] of await readTensors(compiled, options, progress)) request.setInputTensor(i, tensor);
  const start = performance.now();
  await progress.stage("Running the model", () => run(request, model));
  const milliseconds = performance.now() - start;
  const outputs = compiled.outputs.map((port, i) => ({ name: arrayName(compiled, i), port, tensor: request.getOutputTensor(i) }));
  if (options.output !== undefined) writeOutput(options.output, writeNpz(outputs.map(({ name, tensor }) => [name, tensor])));
  if (options.json)
    return printJson({
      device: options.device,
      milliseconds,
      outputs: outputs.map(({ name, tensor }) => ({ name, elementType: tensor.elementType, shape: tensor.shape, ...summarize(tensor) })),
      ...(options.output === undefined ? {} : { file: options.output }),
    });
  const digits = (value: number | undefined): string => (value === undefined ? "" : Number(value.toPrecision(6)).toString());
  const rows = outputs.map(({ name, tensor }) => {
    const s = summarize(tensor);
    return [name, `${tensor.elementType}[${tensor.shape.join(",")}]`, digits(s?.min), digits(s?.max), digits(s?.mean)];
  });
  printLine(formatTable([["output", "shape", "min", "max", "mean"], ...rows], [2, 3, 4]));
  printLine(`${options.device}: ${milliseconds.toFixed(2)} ms${options.output === undefined ? "" : `, wrote ${options.output}`}`);
}

/** Lengths of a dynamic input that the network cannot take are noticed only here. */
async function run(request: InferRequest, model: Model): Promise<void> {
  try {
    await request.inferAsync();
  } catch (cause) {
    const isShape = cause instanceof VintnerError && cause.code === "INVALID_MODEL" && model.inputs.some((i) => i.partialShape.isDynamic);
    if (!isShape) throw cause;
    const hint = "The network does not take inputs of this shape: give another with --shape";
    throw new VintnerError(cause.code, { ...cause.details, hint }, { cause });
  }
}

/** An output's name in an archive: its tensor name where it has one of its own, else `output_I`. */
function arrayName({ outputs }: CompiledModel, i: number): string {
  const [name] = outputs[i].names;
  return name === undefined || outputs.some((other, j) => j !== i && other.names.has(name)) ? `output_${i}` : name;
}

/** The inputs given on the command line, by position. Throws INVALID_ARGUMENT where one is missing or named twice. */
async function readTensors(compiled: CompiledModel, options: Options, progress: Progress): Promise<Map<number, Tensor>> {
  const tensors = new Map<number, Tensor>();
  const named = new Set<Output>();
  const { inputs } = compiled;
  if (options.inputs !== undefined)
    for (const [port, tensor] of await readInputs(options.inputs, inputs)) tensors.set(inputs.indexOf(port), tensor);
  for (const given of options.input ?? []) {
    // With one input its name may be left out.
    const [name, file] = inputs.length === 1 && !given.includes("=") ? [undefined, given] : parsePair(given, "--input");
    const port = compiled.input(name);
    if (named.has(port))
      throw new VintnerError("INVALID_ARGUMENT", {
        what: "an input is given twice",
        where: `input "${port.anyName}"`,
        got: `--input ${given}`,
      });
    named.add(port);
    tensors.set(inputs.indexOf(port), await readInput(file, port, (text) => progress.note(text)));
  }
  const missing = inputs.filter((_, i) => !tensors.has(i));
  if (missing.length === 0) return tensors;
  throw new VintnerError("INVALID_ARGUMENT", {
    what: `${missing.length === 1 ? "an input is" : "inputs are"} not given`,
    expected: missing.map((port) => `"${port.anyName}" ${port}`).join(", "),
    hint: "Give each with --input NAME=FILE, or all with --inputs FILE.npz",
  });
}
