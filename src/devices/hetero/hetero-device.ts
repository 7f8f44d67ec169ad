import { VintnerError } from "../../common/errors.ts";
import type { Model } from "../../model/model.ts";
import type { Node } from "../../model/node.ts";
import { optimize } from "../../transformations/pipeline.ts";
import type { BoundDevice, Device, DeviceContext, Executable, Support } from "../device.ts";
import { type Config, flag, type Properties, readOnly } from "../property.ts";
import { unsupportedOperations } from "../unsupported-operations.ts";
import { HeteroExecutable } from "./hetero-executable.ts";
import { type Partition, partitionModel } from "./partition-model.ts";

const properties: Properties = {
  FULL_DEVICE_NAME: readOnly("What the device is", "Parts of a model on several devices"),
  OPTIMAL_NUMBER_OF_INFER_REQUESTS: readOnly("Requests that keep the devices busy: the most that one of them names", 1),
  PERF_COUNT: flag("Measure each step of the parts", false),
};

/** The devices that are named, with the properties that concern the parts. Throws DEVICE where none is. */
function devicesOf({ parameters, device }: DeviceContext, config: Config): BoundDevice[] {
  if (parameters.length > 0) return parameters.map((name) => device(name, { PERF_COUNT: config["PERF_COUNT"] === true }));
  throw new VintnerError("DEVICE", { what: "HETERO needs devices", expected: "a name such as HETERO:CPU,REFERENCE", got: '"HETERO"' });
}

interface Answer {
  readonly device: BoundDevice;
  readonly support: Support;
}

/** The first device that runs each node; the last one's refusal where none does. */
function answersOf(model: Model, devices: readonly BoundDevice[]): Map<Node, Answer> {
  const answers = new Map<Node, Answer>();
  for (const device of devices)
    for (const [node, support] of device.query(model))
      if (answers.get(node)?.support.supported !== true) answers.set(node, { device, support });
  return answers;
}

const supportOf = (answers: ReadonlyMap<Node, Answer>): Map<Node, Support> =>
  new Map(
    [...answers].map(([node, { device, support }]) => [
      node,
      { ...support, ...(support.reason !== undefined && { reason: `${device.name}: ${support.reason}` }) },
    ]),
  );

/** Prepares a model and cuts it. Throws UNSUPPORTED_OPERATION. */
function partition(model: Model, devices: readonly BoundDevice[]): Partition {
  unsupportedOperations("HETERO", supportOf(answersOf(model, devices)));
  // What shapes decide is decided before the cuts, behind which it is not known any more.
  optimize(model, { useShapes: model.inputs.every((i) => i.partialShape.isStatic) });
  const answers = answersOf(model, devices);
  unsupportedOperations("HETERO", supportOf(answers));
  return partitionModel(model, (node) => (answers.get(node) as Answer).device.name);
}

/** Runs each operation on the first of the named devices that supports it: `HETERO:CPU,REFERENCE`. */
export const heteroDevice: Device = {
  name: "HETERO",
  takesDevices: true,
  description: "Each operation on the first of the devices behind the colon that supports it",
  properties,

  query: (model, config, context) => supportOf(answersOf(model, devicesOf(context, config))),

  async compileAsync(model: Model, config: Config, context: DeviceContext): Promise<Executable> {
    const devices = devicesOf(context, config);
    const cut = partition(model, devices);
    const executables: Executable[] = [];
    try {
      for (const part of cut.parts) executables.push(await deviceOf(devices, part.device).compileAsync(part.model));
    } catch (error) {
      for (const executable of executables) executable.dispose();
      throw error;
    }
    return new HeteroExecutable(cut, executables, config);
  },

  compile(model: Model, config: Config, context: DeviceContext): Executable {
    const devices = devicesOf(context, config);
    const cut = partition(model, devices);
    const executables: Executable[] = [];
    try {
      for (const part of cut.parts) executables.push(deviceOf(devices, part.device).compile(part.model));
    } catch (error) {
      for (const executable of executables) executable.dispose();
      throw error;
    }
    return new HeteroExecutable(cut, executables, config);
  },
};

const deviceOf = (devices: readonly BoundDevice[], name: string): BoundDevice => devices.find((d) => d.name === name) as BoundDevice;
