import type { RandomAccess } from "../../platform/random-access.ts";
import type { ModelFormat } from "../frontend.ts";
import { hasBytes } from "./head.ts";

const hdf5 = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const zip = [0x50, 0x4b, 0x03, 0x04];

/** HDF5 (.h5), or a ZIP archive of configuration and weights (.keras). */
export const kerasFormat: ModelFormat = {
  name: "keras",
  title: "Keras",
  extensions: [".h5", ".hdf5", ".keras"],
  detect({ main }) {
    if (!main) return undefined;
    if (hasBytes(main, 0, hdf5)) return { confidence: "likely", what: "an HDF5 file, as Keras writes" };
    return hasBytes(main, 0, zip) && listsKerasFiles(main) ? { confidence: "certain", what: "a Keras model" } : undefined;
  },
};

/** The names stand in the archive's directory at its end (APPNOTE 4.3.12). */
function listsKerasFiles(file: RandomAccess): boolean {
  const length = Math.min(file.size, 1 << 16);
  const text = new TextDecoder("latin1").decode(file.read(file.size - length, length));
  return text.includes("config.json") && text.includes("model.weights.h5");
}
