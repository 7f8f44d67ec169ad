import { VintnerError } from "../../common/errors.ts";
import { parseSymbol } from "../../formats/mxnet/parse-symbol.ts";
import { readNdArrays } from "../../formats/mxnet/read-nd-arrays.ts";
import type { Model } from "../../model/model.ts";
import type { RandomAccess } from "../../platform/random-access.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { headText, looksLikeText } from "../detection/head.ts";
import { mxnetFormat } from "../detection/mxnet.ts";
import type { Frontend } from "../frontend.ts";
import { mainFile, type ModelFiles } from "../model-files.ts";
import { convertSymbol } from "./convert-symbol.ts";

const isSymbol = (file: RandomAccess): boolean => looksLikeText(headText(file));

/** `net-symbol.json` and `net-0001.params` are both `net`. */
const stem = (name: string): string => name.replace(/(-symbol)?\.json$/i, "").replace(/(-\d+)?\.params$/i, "");

/** The symbol and the arrays: whichever was named, the other one is given, or lies beside it under the same name; of several epochs the last. */
function pairOf(files: ModelFiles): readonly [symbol: RandomAccess, arrays: RandomAccess] {
  const main = mainFile(files);
  const other = files.weights ?? beside(files, main);
  if (isSymbol(main) !== isSymbol(other)) return isSymbol(main) ? [main, other] : [other, main];
  throw new VintnerError("INVALID_ARGUMENT", {
    what: "an MXNet model is a symbol (-symbol.json) and its arrays (.params)",
    where: main.name,
    got: `twice ${isSymbol(main) ? "a symbol" : "arrays"}`,
    hint: "Name one of each",
  });
}

function beside(files: ModelFiles, main: RandomAccess): RandomAccess {
  const own = stem(main.name);
  if (!isSymbol(main)) return files.open(`${own}-symbol.json`);
  const epochs = files
    .names()
    .filter((n) => n.toLowerCase().endsWith(".params") && stem(n) === own)
    .toSorted();
  return files.open(epochs.at(-1) ?? `${own}-0000.params`);
}

/** Arrays are saved as `arg:NAME` and `aux:NAME`, by Gluon as plain names. */
const plainNames = (arrays: ReadonlyMap<string, Tensor>): Map<string, Tensor> =>
  new Map([...arrays].map(([name, tensor]) => [name.replace(/^(arg|aux):/, ""), tensor]));

function read(files: ModelFiles): Model {
  const [symbol, arrays] = pairOf(files);
  const parsed = parseSymbol(new TextDecoder().decode(symbol.read()), symbol.name);
  return convertSymbol(parsed, plainNames(readNdArrays(arrays.read(), arrays.name)), stem(symbol.name), symbol.name);
}

/** MXNet networks: the symbol (-symbol.json) and its arrays (.params), beside each other or both given. */
export const mxnetFrontend: Frontend = { ...mxnetFormat, extensions: [".json", ".params"], takesWeights: true, read };
