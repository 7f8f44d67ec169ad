import type { Frontend } from "./frontend.ts";
import { irFrontend } from "./ir/ir-frontend.ts";
import { onnxFrontend } from "./onnx/onnx-frontend.ts";

/** Every frontend, in the order in which they are asked whether they know a file. */
export const frontends: readonly Frontend[] = [irFrontend, onnxFrontend];
