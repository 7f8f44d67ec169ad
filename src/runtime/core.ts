import { VintnerError } from "../common/errors.ts";
import { checkConfig, type Config, defaultOf, type PropertyValue, resolveConfig } from "../devices/property.ts";
import { bindDevice, devices, findDevice } from "../devices/registry.ts";
import type { ModelSource, WeightsSource } from "../frontends/model-source.ts";
import { readModel, readModelSync } from "../frontends/read-model.ts";
import { cloneModel } from "../model/clone.ts";
import { Model } from "../model/model.ts";
import { Tensor } from "../tensor/tensor.ts";
import { describe } from "./check-tensor.ts";
import { CompiledModel } from "./compiled-model.ts";
import { readExported } from "./exported-model.ts";
import { version } from "./version.ts";

/** What a device is and which build of it this is. */
export interface Version {
  readonly buildNumber: string;
  readonly description: string;
}

/** The entry to the runtime: reads models, compiles them for devices, and keeps what was set for the devices. */
export class Core {
  /** What `setProperty` was told, by device. */
  readonly #config = new Map<string, Config>();

  /**
   * Reads a model of any supported format from a path or bytes; an IR also from its XML text with the weights in a tensor.
   * Throws FILE_NOT_FOUND, FORMAT, UNSUPPORTED_OPERATION.
   */
  async readModel(model: ModelSource, weights?: WeightsSource | Tensor): Promise<Model> {
    return readModel(sourceOf(model), weightsOf(weights));
  }

  /** Like `readModel`, blocking. A browser can only read bytes so. */
  readModelSync(model: ModelSource, weights?: WeightsSource | Tensor): Model {
    return readModelSync(sourceOf(model), weightsOf(weights));
  }

  /** Compiles a model, or the file of one, for a device. The model is not touched, and may change afterwards. */
  async compileModel(model: Model | ModelSource, deviceName = "CPU", config: Config = {}): Promise<CompiledModel> {
    const given = model instanceof Model ? cloneModel(model) : await readModel(model);
    const bound = this.#bind(deviceName, config);
    return new CompiledModel(bound, given, await bound.compileAsync(cloneModel(given)), this.#given(bound.device.name, config));
  }

  /** Like `compileModel`, blocking. Throws UNSUPPORTED where the device compiles asynchronously only. */
  compileModelSync(model: Model | ModelSource, deviceName = "CPU", config: Config = {}): CompiledModel {
    const given = model instanceof Model ? cloneModel(model) : readModelSync(model);
    const bound = this.#bind(deviceName, config);
    return new CompiledModel(bound, given, bound.compile(cloneModel(given)), this.#given(bound.device.name, config));
  }

  /**
   * Compiles what `CompiledModel.exportModel` gave, for the device that it was compiled for, with the properties that were set then
   * and, on top of them, `config`. Throws FORMAT for other bytes, INVALID_ARGUMENT for another device.
   */
  async importModel(bytes: Uint8Array | ArrayBuffer, deviceName?: string, config: Config = {}): Promise<CompiledModel> {
    const { model, device, config: exported } = readExported(bytes, deviceName);
    checkConfig(config);
    return this.compileModel(model, device, { ...exported, ...config });
  }

  /** Like `importModel`, blocking. */
  importModelSync(bytes: Uint8Array | ArrayBuffer, deviceName?: string, config: Config = {}): CompiledModel {
    const { model, device, config: exported } = readExported(bytes, deviceName);
    checkConfig(config);
    return this.compileModelSync(model, device, { ...exported, ...config });
  }

  /** The operations that a device supports: friendly names with the device's name. */
  queryModel(model: Model, deviceName: string, config: Config = {}): Record<string, string> {
    if (!(model instanceof Model)) throw new VintnerError("INVALID_ARGUMENT", { what: "this is no model", got: describe(model) });
    const bound = this.#bind(deviceName, config);
    const answers = [...bound.query(model)].filter(([, { supported }]) => supported);
    return Object.fromEntries(answers.map(([node]) => [node.friendlyName, bound.name]));
  }

  /** The devices that run models by themselves. */
  getAvailableDevices(): string[] {
    return devices.filter((device) => device.takesDevices !== true).map(({ name }) => name);
  }

  /** A device's property: what was set, or its default. Throws INVALID_ARGUMENT for one that it does not have. */
  getProperty(deviceName: string, propertyName: string): PropertyValue {
    const { name, properties } = findDevice(deviceName);
    if (propertyName === "SUPPORTED_PROPERTIES") return Object.keys(properties);
    if (Object.hasOwn(properties, propertyName)) return this.#config.get(name)?.[propertyName] ?? defaultOf(properties[propertyName]);
    throw new VintnerError("INVALID_ARGUMENT", {
      what: `there is no property ${JSON.stringify(propertyName)}`,
      where: `device ${name}`,
      expected: ["SUPPORTED_PROPERTIES", ...Object.keys(properties)].join(", "),
    });
  }

  /** Sets properties for the models compiled from now on: of one device, or of all that have them. Throws INVALID_ARGUMENT. */
  setProperty(properties: Config): void;
  setProperty(deviceName: string, properties: Config): void;
  setProperty(first: string | Config, second?: Config): void {
    if (typeof first === "string") return this.#set(findDevice(first).name, second ?? {});
    checkConfig(first);
    for (const [property, value] of Object.entries(first)) {
      const having = devices.filter((device) => device.properties[property]?.parse);
      if (having.length === 0)
        throw new VintnerError("INVALID_ARGUMENT", { what: `no device has a property ${JSON.stringify(property)} that can be set` });
      for (const { name } of having) this.#set(name, { [property]: value });
    }
  }

  /** The version of a device. */
  getVersions(deviceName: string): Record<string, Version> {
    const { name, description } = findDevice(deviceName);
    return { [name]: { buildNumber: version, description } };
  }

  #set(name: string, config: Config): void {
    const checked = resolveConfig(name, findDevice(name).properties, config);
    const given = Object.fromEntries(Object.keys(config).map((property) => [property, checked[property]]));
    this.#config.set(name, { ...this.#config.get(name), ...given });
  }

  #bind(deviceName: string, config: Config): ReturnType<typeof bindDevice> {
    checkConfig(config);
    return bindDevice(deviceName, (name) => this.#config.get(name) ?? {}, config);
  }

  /** What the user has set of a device's properties, for a compiled model that is exported. */
  #given(device: string, config: Config): Config {
    return { ...this.#config.get(device), ...config };
  }
}

/** XML text as the bytes of a file, everything else as it is. */
const sourceOf = (model: ModelSource): ModelSource =>
  typeof model === "string" && model.trimStart().startsWith("<") ? { bytes: new TextEncoder().encode(model), name: "model.xml" } : model;

const weightsOf = (weights: WeightsSource | Tensor | undefined): WeightsSource | undefined =>
  weights instanceof Tensor ? weights.bytes : weights;
