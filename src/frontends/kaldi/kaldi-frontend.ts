import { readKaldi } from "../../formats/kaldi/read-kaldi.ts";
import type { Model } from "../../model/model.ts";
import { kaldiFormat } from "../detection/kaldi.ts";
import type { Frontend } from "../frontend.ts";
import { mainFile, type ModelFiles } from "../model-files.ts";
import { convertNetwork } from "./convert-network.ts";

function read(files: ModelFiles): Model {
  const main = mainFile(files);
  return convertNetwork(readKaldi(main.read(), main.name), main.name.replace(/\..*$/, ""), main.name);
}

/** Kaldi networks: nnet3, nnet2 and nnet1, binary or as text, with or without the transition model before them. */
export const kaldiFrontend: Frontend = { ...kaldiFormat, takesWeights: false, read };
