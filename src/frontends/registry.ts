import { caffeFrontend } from "./caffe/caffe-frontend.ts";
import { kerasFormat } from "./detection/keras.ts";
import { kaldiFrontend } from "./kaldi/kaldi-frontend.ts";
import { mxnetFrontend } from "./mxnet/mxnet-frontend.ts";
import { tensorflowFormat } from "./detection/tensorflow.ts";
import { tfjsFormat } from "./detection/tfjs.ts";
import { tfliteFormat } from "./detection/tflite.ts";
import type { Frontend, ModelFormat } from "./frontend.ts";
import { irFrontend } from "./ir/ir-frontend.ts";
import { onnxFrontend } from "./onnx/onnx-frontend.ts";

/** Every frontend, in the order in which they are asked whether they know a file. */
export const frontends: readonly Frontend[] = [irFrontend, onnxFrontend, caffeFrontend, mxnetFrontend, kaldiFrontend];

/** Formats that are known when they are seen, so that the error says what a file is. One that gets a reader moves up. */
export const formatsWithoutReader: readonly ModelFormat[] = [tensorflowFormat, tfliteFormat, tfjsFormat, kerasFormat];
