import type { ModelFormat } from "../frontend.ts";
import { headText } from "./head.ts";

/** A JSON file that lists the files of its weights; `format` tells layers models from graph models. */
export const tfjsFormat: ModelFormat = {
  name: "tfjs",
  title: "TensorFlow.js",
  extensions: [],
  detect({ main }) {
    if (!main) return undefined;
    const text = headText(main, 1 << 16);
    if (!/^\uFEFF?\s*\{/.test(text)) return undefined;
    const format = /"format"\s*:\s*"(graph|layers)-model"/.exec(text)?.[1];
    if (format !== undefined) return { confidence: "certain", what: `a TensorFlow.js ${format} model` };
    return /"(modelTopology|weightsManifest)"\s*:/.test(text) ? { confidence: "certain", what: "a TensorFlow.js model" } : undefined;
  },
};
