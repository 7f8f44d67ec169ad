import { parseXml } from "../../formats/xml/parse-xml.ts";
import type { Model } from "../../model/model.ts";
import { headText } from "../detection/head.ts";
import type { Detection, Frontend } from "../frontend.ts";
import { mainFile, type ModelFiles } from "../model-files.ts";
import { readIr } from "./read-ir.ts";

function detect({ main }: ModelFiles): Detection | undefined {
  const text = main ? headText(main) : "";
  if (/^\uFEFF?\s*(<[?!][^>]*>\s*)*<net[\s>]/.test(text)) return { confidence: "certain", what: "an OpenVINO IR" };
  return /^\uFEFF?\s*<(\?xml|net)/.test(text) ? { confidence: "likely", what: "an XML file" } : undefined;
}

function read(files: ModelFiles): Model {
  const main = mainFile(files);
  const root = parseXml(main.read(), main.name);
  return readIr(root, main.name, () => files.weights ?? files.open(main.name.replace(/(\.[^.]*)?$/, ".bin")));
}

/** OpenVINO's intermediate representation, versions 10 and 11: .xml with .bin beside it. */
export const irFrontend: Frontend = { name: "ir", title: "OpenVINO IR", extensions: [".xml"], takesWeights: true, detect, read };
