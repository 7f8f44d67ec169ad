import type { Model } from "../../model/model.ts";
import { parseXml } from "../../formats/xml/parse-xml.ts";
import type { Frontend, ModelFile } from "../frontend.ts";
import { readIr } from "./read-ir.ts";

/** OpenVINO's intermediate representation, versions 10 and 11: .xml with .bin beside it. */
export const irFrontend: Frontend = {
  name: "ir",
  extensions: [".xml"],
  takesWeights: true,
  recognizes: ({ bytes }) => /^\uFEFF?\s*<(\?xml|net)/.test(new TextDecoder().decode(bytes.subarray(0, 256))),
  read(file: ModelFile): Model {
    const root = parseXml(file.bytes, file.name);
    return readIr(root, file.name, () => file.weights ?? file.sideFile(file.name.replace(/(\.[^.]*)?$/, ".bin")));
  },
};
