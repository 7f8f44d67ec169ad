import type { Output } from "../../model/output.ts";
import type { CaffeLayer } from "./caffe-layer.ts";

/** Gives the tops of a layer, in its order, as operations of OpenVINO. */
export type LayerMapping = (layer: CaffeLayer) => Output | readonly Output[];

/** Mappings by the types of layers. */
export type LayerMappings = Readonly<Record<string, LayerMapping>>;
