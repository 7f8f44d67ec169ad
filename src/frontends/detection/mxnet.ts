import type { Detection, ModelFormat } from "../frontend.ts";
import { hasBytes, headText } from "./head.ts";

/** kMXAPINDArrayListMagic, 64 bits. */
const listMagic = [0x12, 0x01, 0, 0, 0, 0, 0, 0];

/** A symbol as JSON, with its arrays in a .params file. */
export const mxnetFormat: ModelFormat = {
  name: "mxnet",
  title: "MXNet",
  extensions: [".params"],
  detect({ main }): Detection | undefined {
    if (!main) return undefined;
    if (hasBytes(main, 0, listMagic)) return { confidence: "certain", what: "the arrays of an MXNet network", second: true };
    const isSymbol = /^\uFEFF?\s*\{\s*"nodes"\s*:\s*\[\s*\{[^}]*"op"\s*:/.test(headText(main));
    return isSymbol ? { confidence: "certain", what: "the symbol of an MXNet network" } : undefined;
  },
};
