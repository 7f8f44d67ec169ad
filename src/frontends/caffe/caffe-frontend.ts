import { VintnerError } from "../../common/errors.ts";
import type { Model } from "../../model/model.ts";
import type { RandomAccess } from "../../platform/random-access.ts";
import { caffeFormat } from "../detection/caffe.ts";
import { looksLikeText, headText } from "../detection/head.ts";
import type { Frontend } from "../frontend.ts";
import { mainFile, type ModelFiles } from "../model-files.ts";
import { readBlobs } from "./blobs.ts";
import { convertNetwork } from "./convert-network.ts";
import { readNetwork } from "./read-network.ts";

const isText = (file: RandomAccess): boolean => looksLikeText(headText(file));
const withEnding = (name: string, ending: string): string => `${name.replace(/\.[^.]*$/, "")}${ending}`;

/** The text of the network and its weights: whichever was named, the other one is given, or lies beside it under the same name. */
function pairOf(files: ModelFiles): readonly [text: RandomAccess, weights: RandomAccess] {
  const main = mainFile(files);
  const ending = isText(main) ? ".caffemodel" : ".prototxt";
  const other = files.weights ?? files.open(withEnding(main.name, ending));
  if (isText(main) !== isText(other)) return isText(main) ? [main, other] : [other, main];
  throw new VintnerError("INVALID_ARGUMENT", {
    what: "a Caffe model is the text of a network (.prototxt) and its weights (.caffemodel)",
    where: main.name,
    got: `twice ${isText(main) ? "text" : "weights"}`,
    hint: "Name one of each",
  });
}

function read(files: ModelFiles): Model {
  const [text, weights] = pairOf(files);
  const network = readNetwork(new TextDecoder().decode(text.read()), text.name);
  return convertNetwork(network, readBlobs(weights.read(), weights.name), text.name);
}

/** Caffe networks: the text of the network (.prototxt) and its weights (.caffemodel), beside each other or both given. */
export const caffeFrontend: Frontend = { ...caffeFormat, takesWeights: true, read };
