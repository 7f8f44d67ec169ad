import type { LayerMapping, LayerMappings } from "./layer-mapping.ts";
import { activationLayers } from "./layers/activations.ts";
import { arithmeticLayers } from "./layers/arithmetic.ts";
import { convolutionLayers } from "./layers/convolution.ts";
import { detectionLayers } from "./layers/detection.ts";
import { normalizationLayers } from "./layers/normalization.ts";
import { poolingLayers } from "./layers/pooling.ts";
import { shapeLayers } from "./layers/shape.ts";

/** All layers that have a mapping: the place to add one. */
const mappings: LayerMappings = {
  ...activationLayers,
  ...arithmeticLayers,
  ...convolutionLayers,
  ...detectionLayers,
  ...normalizationLayers,
  ...poolingLayers,
  ...shapeLayers,
};

export const findLayer = (type: string): LayerMapping | undefined => (Object.hasOwn(mappings, type) ? mappings[type] : undefined);

/** Types of layers with a mapping, sorted. */
export const supportedLayers = (): string[] => Object.keys(mappings).toSorted();

/** What feeds a network in training and tests: its tops become inputs of the model. */
const dataTypes: ReadonlySet<string> = new Set([
  "AnnotatedData",
  "Data",
  "DummyData",
  "HDF5Data",
  "ImageData",
  "Input",
  "MemoryData",
  "VideoData",
  "WindowData",
]);
export const isDataLayer = (type: string): boolean => dataTypes.has(type);

/** Layers of training and of reports: nothing reads what they give. */
const reportTypes: ReadonlySet<string> = new Set([
  "Accuracy",
  "ContrastiveLoss",
  "DetectionEvaluate",
  "EuclideanLoss",
  "HDF5Output",
  "HingeLoss",
  "InfogainLoss",
  "MultiBoxLoss",
  "MultinomialLogisticLoss",
  "SigmoidCrossEntropyLoss",
  "Silence",
  "SoftmaxWithLoss",
]);
export const isReportLayer = (type: string): boolean => reportTypes.has(type);
