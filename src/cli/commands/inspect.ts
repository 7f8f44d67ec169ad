import { basename } from "node:path";
import { type Command, Option } from "commander";
import { VintnerError } from "../../common/errors.ts";
import { type Device, type Stage } from "../../devices/device.ts";
import { resolveConfig } from "../../devices/property.ts";
import { findDevice } from "../../devices/registry.ts";
import type { Model } from "../../model/model.ts";
import { printModel } from "../../model/print-model.ts";
import { Core } from "../../runtime/core.ts";
import { optimize } from "../../transformations/pipeline.ts";
import { collect, type CommonOptions, modelArgument, weightsArgument, newCommand, parseConfig, printJson } from "../common-options.ts";
import { describePort } from "../describe-port.ts";
import { Progress } from "../progress.ts";
import { reshapeFromText } from "../reshape-from-text.ts";

const stages = ["model", "optimized", "lowered", "plan", "kernels", "asm"] as const;

interface Options extends CommonOptions {
  readonly stage: (typeof stages)[number];
  readonly device: string;
  readonly config?: readonly string[];
  readonly shape?: string;
}

export const inspectCommand = (): Command =>
  newCommand("inspect", "Prints a model as it is after one of the stages from its file to machine code.", [
    "inspect model.onnx                                         the model as it was read",
    "inspect model.onnx --stage optimized                       after the rewrites",
    'inspect model.onnx --stage plan --shape "[1,3,224,224]"    memory and steps of the device\'s program',
    "inspect model.xml --stage asm --config CPU_TARGET=x64-avx2",
  ])
    .argument("<model>", modelArgument)
    .argument("[weights]", weightsArgument)
    .addOption(new Option("--stage <name>", "what to print").choices(stages).default("model"))
    .option("-d, --device <name>", "device of the stages from lowered on", "CPU")
    .option("--config <key=value>", "a property of the device; may be given several times", collect)
    .option("--shape <list>", "shapes of the inputs, as in [1,3,224,224] or data[1,3,224,224],info[1,3]")
    .action(inspect);

async function inspect(path: string, weights: string | undefined, options: Options): Promise<void> {
  const { stage, json } = options;
  const progress = new Progress();
  const read = await progress.stage(`Reading ${basename(path)}`, () => new Core().readModel(path, weights));
  const model = options.shape === undefined ? read : reshapeFromText(read, options.shape);
  const text = await progress.stage(`Preparing stage ${stage}`, () => stageText(model, options));
  if (!json) return void process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  printJson({
    model: model.getName(),
    stage,
    inputs: model.inputs.map(describePort),
    outputs: model.outputs.map(describePort),
    ...(stage === "model" || stage === "optimized" ? { nodes: describeNodes(model) } : { device: options.device, text }),
  });
}

function stageText(model: Model, options: Options): string {
  const { stage } = options;
  if (stage === "model") return printModel(model);
  if (stage === "optimized") {
    optimize(model, { useShapes: false });
    return printModel(model);
  }
  const device = findDevice(options.device);
  return deviceStage(device, model, stage, options);
}

function deviceStage(device: Device, model: Model, stage: Stage, { config }: Options): string {
  const text = device.inspect?.(model, stage, resolveConfig(device.name, device.properties, parseConfig(config)));
  if (text !== undefined) return text;
  throw new VintnerError("INVALID_ARGUMENT", { what: `device ${device.name} has no stage ${stage}`, expected: "stage model or optimized" });
}

/** The graph for `--json`; inputs are `node:output`. */
const describeNodes = (model: Model): object[] =>
  model.nodes().map((node) => ({
    name: node.friendlyName,
    type: node.type,
    version: node.op.since,
    attributes: node.attributes,
    inputs: node.inputs.map((input) => `${input.node.friendlyName}:${input.index}`),
    outputs: node.outputs.map(describePort),
  }));
