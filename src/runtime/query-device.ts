import type { Support } from "../devices/device.ts";
import type { Config } from "../devices/property.ts";
import { bindDevice } from "../devices/registry.ts";
import type { Model } from "../model/model.ts";
import type { Node } from "../model/node.ts";

/** What a device says of each operation of a model: whether it runs it and, where not, why. Throws DEVICE, INVALID_ARGUMENT. */
export function queryDevice(model: Model, deviceName: string, config: Config = {}): ReadonlyMap<Node, Support> {
  return bindDevice(deviceName, () => ({}), config).query(model);
}
