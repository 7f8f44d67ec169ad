import { VintnerError } from "../common/errors.ts";
import { cpuDevice } from "./cpu/cpu-device.ts";
import type { BoundDevice, Device, DeviceContext } from "./device.ts";
import { type DeviceName, formatDeviceName, parseDeviceName } from "./device-name.ts";
import { type Config, resolveConfig } from "./property.ts";
import { heteroDevice } from "./hetero/hetero-device.ts";
import { referenceDevice } from "./reference/reference-device.ts";
import { compileSync } from "./synchronous.ts";

/** Every device, the one that is meant by default first. */
export const devices: readonly Device[] = [cpuDevice, referenceDevice, heteroDevice];

/** Finds a device by its name, of which the first part counts, in upper or lower case. Throws DEVICE listing those that exist. */
export const findDevice = (name: string): Device => find(parseDeviceName(name));

/** What was set for a device by its name. */
export type ConfigOf = (device: string) => Config;

/**
 * A device of a name with what was set for it, and on top of that `config`. It reaches others through the same settings.
 * Throws DEVICE, INVALID_ARGUMENT.
 */
export function bindDevice(name: string, configOf: ConfigOf, config: Config = {}): BoundDevice & { device: Device; config: Config } {
  const parsed = parseDeviceName(name);
  const device = find(parsed);
  const resolved = resolveConfig(device.name, device.properties, { ...configOf(device.name), ...config });
  const context: DeviceContext = {
    parameters: parsed.parameters.map(formatDeviceName),
    device: (other, more) => bindDevice(other, configOf, more),
  };
  return {
    name: formatDeviceName(parsed),
    device,
    config: resolved,
    query: (model) => device.query(model, resolved, context),
    compileAsync: (model) => device.compileAsync(model, resolved, context),
    compile: (model) => compileSync(device, model, resolved, context),
  };
}

function find(name: DeviceName): Device {
  const { base, index, parameters } = name;
  const found = devices.find((device) => device.name === base);
  if (found && (index ?? 0) === 0 && (parameters.length === 0 || found.takesDevices === true)) return found;
  throw new VintnerError("DEVICE", {
    what: found && parameters.length > 0 ? `device ${base} takes no other devices` : "there is no such device",
    expected: devices.map((d) => d.name).join(", "),
    got: JSON.stringify(formatDeviceName(name)),
  });
}
