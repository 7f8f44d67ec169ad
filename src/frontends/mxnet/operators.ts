import type { MxnetMapping, MxnetMappings } from "./mxnet-node.ts";
import { convolutionOperators } from "./operators/convolution.ts";
import { detectionOperators } from "./operators/detection.ts";
import { elementwiseOperators } from "./operators/elementwise.ts";
import { generatorOperators } from "./operators/generators.ts";
import { normalizationOperators } from "./operators/normalization.ts";
import { poolingOperators } from "./operators/pooling.ts";
import { recurrentOperators } from "./operators/recurrent.ts";
import { shapeOperators } from "./operators/shape.ts";

/** All operators that have a mapping: the place to add one. */
const mappings: MxnetMappings = {
  ...convolutionOperators,
  ...detectionOperators,
  ...elementwiseOperators,
  ...generatorOperators,
  ...normalizationOperators,
  ...poolingOperators,
  ...recurrentOperators,
  ...shapeOperators,
};

export const findOperator = (name: string): MxnetMapping | undefined => (Object.hasOwn(mappings, name) ? mappings[name] : undefined);

/** Names of operators with a mapping, sorted. */
export const supportedOperators = (): string[] => Object.keys(mappings).toSorted();
