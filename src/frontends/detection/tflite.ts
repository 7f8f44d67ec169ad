import type { ModelFormat } from "../frontend.ts";
import { hasBytes } from "./head.ts";

/** FlatBuffers with the file identifier "TFL3" behind the root's offset. */
export const tfliteFormat: ModelFormat = {
  name: "tflite",
  title: "TensorFlow Lite",
  extensions: [".tflite"],
  detect: ({ main }) =>
    main && hasBytes(main, 4, [0x54, 0x46, 0x4c, 0x33]) ? { confidence: "certain", what: "a TensorFlow Lite model" } : undefined,
};
