import type { Command } from "commander";
import { Core } from "../../runtime/core.ts";
import { queryDevice } from "../../runtime/query-device.ts";
import {
  collect,
  type CommonOptions,
  modelArgument,
  weightsArgument,
  newCommand,
  parseConfig,
  printJson,
  printLine,
} from "../common-options.ts";
import { formatTable } from "../format-table.ts";
import { Progress } from "../progress.ts";

interface Options extends CommonOptions {
  readonly device: string;
  readonly config?: readonly string[];
}

export const queryCommand = (): Command =>
  newCommand("query", "Lists which operations of a model a device supports, and why it does not support the others.", [
    "query model.onnx",
    "query model.xml --device REFERENCE --json",
  ])
    .argument("<model>", modelArgument)
    .argument("[weights]", weightsArgument)
    .option("-d, --device <name>", "device to ask", "CPU")
    .option("--config <key=value>", "a property of the device; may be given several times", collect)
    .action(query);

async function query(path: string, weights: string | undefined, { device, config, json }: Options): Promise<void> {
  const progress = new Progress();
  const core = new Core();
  const model = await progress.stage("Reading the model", () => core.readModel(path, weights));
  const answers = [...queryDevice(model, device, parseConfig(config))];
  const unsupported = answers.filter(([, answer]) => !answer.supported);
  if (json)
    return printJson({
      device,
      supported: unsupported.length === 0,
      nodes: answers.map(([node, answer]) => ({ name: node.friendlyName, type: node.type, ...answer })),
    });
  const counts = new Map<string, { all: number; supported: number; notes: Set<string> }>();
  for (const [node, answer] of answers) {
    const row = counts.get(node.type) ?? { all: 0, supported: 0, notes: new Set<string>() };
    row.all++;
    if (answer.supported) row.supported++;
    counts.set(node.type, row);
  }
  const rows = [...counts].toSorted(([a], [b]) => a.localeCompare(b)).map(([type, { all, supported }]) => [type, `${supported} of ${all}`]);
  printLine(formatTable([["operation", "supported"], ...rows], [1]));
  for (const [node, { reason }] of unsupported) printLine(`${node.where}: ${reason ?? "not supported"}`);
  printLine(
    unsupported.length === 0
      ? `${device} supports the whole model.`
      : `${device} does not support ${unsupported.length} of ${answers.length} operations.`,
  );
}
