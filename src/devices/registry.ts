import { VintnerError } from "../common/errors.ts";
import { cpuDevice } from "./cpu/cpu-device.ts";
import type { Device } from "./device.ts";
import { referenceDevice } from "./reference/reference-device.ts";

/** Every device, the one that is meant by default first. */
export const devices: readonly Device[] = [cpuDevice, referenceDevice];

/** Finds a device by name, in upper or lower case. Throws DEVICE listing those that exist. */
export function findDevice(name: string): Device {
  const found = devices.find((device) => device.name === name.toUpperCase());
  if (found) return found;
  throw new VintnerError("DEVICE", {
    what: "there is no such device",
    expected: devices.map((d) => d.name).join(", "),
    got: JSON.stringify(name),
  });
}
