import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { convertModel } from "../../convert/convert-model.ts";
import type { ConvertOptions } from "../../convert/convert-options.ts";
import { VintnerError } from "../../common/errors.ts";
import type { Fp16Weights } from "../../ir/compress-to-float16.ts";
import { saveModel } from "../../ir/save-model.ts";
import {
  anyNumber,
  type CommonOptions,
  modelArgument,
  weightsArgument,
  newCommand,
  numberFrom,
  printJson,
  printLine,
  trueOrFalse,
} from "../common-options.ts";
import { describePort, formatPorts } from "../describe-port.ts";
import { Progress } from "../progress.ts";
import { checkNoneIsRead, makeFolderFor } from "../write-outputs.ts";

interface Options extends CommonOptions, ConvertOptions {
  readonly outputModel?: string;
  readonly modelName?: string;
  readonly compressToFp16: boolean;
  readonly fp16Weights?: Fp16Weights;
}

export const convertCommand = (): Command =>
  newCommand("convert", "Converts a model to OpenVINO IR: an .xml file with the graph and a .bin file with the weights.", [
    "convert model.onnx                                     writes model.xml and model.bin",
    "convert model.onnx -o ir/ --compress-to-fp16 false     keeps the weights' precision",
    'convert model.onnx --input "data[1,3,224,224]" --mean-values "[123.7,116.3,103.5]" --scale 58',
    'convert model.onnx --layout "nhwc->nchw" --reverse-input-channels',
  ])
    .argument("<model>", modelArgument)
    .argument("[weights]", weightsArgument)
    .option("-o, --output-model <path>", "the .xml file to write, or a folder; the current folder where it is not given")
    .option("-n, --model-name <name>", "name of the model and of its files")
    .option("--framework <name>", "the source's framework, where its file does not show it")
    .option("--input <list>", "inputs: names, shapes, types, frozen values, as in a[1,3,?,224]{f32},b->[1 2]")
    .option("--input-shape <list>", "shapes of the inputs, as in [1,3,224,224],[1,10]")
    .option("--output <list>", "names that become the outputs; what lies behind them is cut off")
    .option("--mean-values <list>", "subtracted from inputs, by channel, as in data[123,117,104]")
    .option("--scale-values <list>", "what inputs are divided by, by channel, after the mean")
    .option("-s, --scale <number>", "what all inputs are divided by", anyNumber)
    .option("--reverse-input-channels", "swap RGB and BGR")
    .option("--layout <list>", "layouts of the inputs, as in nchw or data(nhwc->nchw)")
    .option("-b, --batch <number>", "length of every input's first axis", numberFrom(1, true))
    .option("--static-shape", "take the shapes for granted: the model cannot be reshaped afterwards")
    .option("--compress-to-fp16 <bool>", "store weights with 16 bits", trueOrFalse, true)
    .addOption(
      new Option(
        "--fp16-weights <which>",
        "which of them: all that OpenVINO chooses (the default), for half the size; mixed keeps the small ones and others that f16 harms most in f32, for about 70 % of it",
      ).choices(["all", "mixed"]),
    )
    .action(convert);

async function convert(model: string, weights: string | undefined, options: Options): Promise<void> {
  const { outputModel, modelName, compressToFp16, fp16Weights, json, verbose, ...given } = options;
  void verbose;
  const start = performance.now();
  const progress = new Progress();
  const name = modelName ?? basename(resolve(model), extname(model));
  const path = targetPath(outputModel, name);
  const bin = path.replace(/\.xml$/, ".bin");
  checkNoneIsRead([path, bin], filesOf(model, weights));
  const converted = await progress.stage(`Converting ${basename(model)}`, () =>
    convertModel(model, { ...given, ...(weights === undefined ? {} : { weights }) }),
  );
  if (modelName !== undefined) converted.setFriendlyName(modelName);
  makeFolderFor(path);
  await progress.stage(`Writing ${path}`, () => saveModel(converted, path, { compressToFp16, ...(fp16Weights && { fp16Weights }) }));
  const milliseconds = Math.round(performance.now() - start);
  const bytes = statSync(bin).size;
  if (json)
    return printJson({
      xml: path,
      bin,
      bytes,
      inputs: converted.inputs.map(describePort),
      outputs: converted.outputs.map(describePort),
      operations: converted.nodes().length,
      milliseconds,
    });
  printLine(`inputs:  ${formatPorts(converted.inputs)}`);
  printLine(`outputs: ${formatPorts(converted.outputs)}`);
  printLine(`wrote ${path} and ${bin} (${(bytes / 1e6).toFixed(1)} MB) in ${(milliseconds / 1000).toFixed(2)} s`);
}

/** What may be read: a folder's files, or a file and the weights that an IR has beside it, and the weights that are named. */
function filesOf(model: string, weights: string | undefined): string[] {
  const isFolder = statSync(model, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const own = isFolder ? readdirSync(model).map((name) => join(model, name)) : [model, model.replace(/(\.[^./\\]*)?$/, ".bin")];
  return weights === undefined ? own : [...own, weights];
}

/** Where to write: a given .xml file, or NAME.xml in a given folder or the current one. */
function targetPath(output: string | undefined, name: string): string {
  if (output === undefined) return `${name}.xml`;
  if (output.endsWith(".xml")) return output;
  if (output.endsWith("/") || extname(output) === "" || (existsSync(output) && statSync(output).isDirectory()))
    return join(output, `${name}.xml`);
  throw new VintnerError("INVALID_ARGUMENT", { what: "the output is neither an .xml file nor a folder", got: output });
}
