import { XMLBuilder } from "fast-xml-parser";
import type { XmlElement } from "./parse-xml.ts";

/** An element to write; text and children exclude each other. */
export type XmlTree = Pick<XmlElement, "name"> & {
  readonly attributes?: Readonly<Record<string, string>>;
  readonly children?: readonly XmlTree[];
  readonly text?: string;
};

const toRaw = ({ name, attributes, children = [], text }: XmlTree): Record<string, unknown> => ({
  [name]: text === undefined ? children.map(toRaw) : [{ "#text": text }],
  ...(attributes && Object.keys(attributes).length > 0 && { ":@": attributes }),
});

/** Writes a document as OpenVINO does: tabs, `<?xml version="1.0"?>` first. */
export function formatXml(root: XmlTree): string {
  const builder = new XMLBuilder({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: "",
    format: true,
    indentBy: "\t",
    suppressEmptyNode: true,
    suppressBooleanAttributes: false,
    processEntities: true,
  });
  return `<?xml version="1.0"?>\n${(builder.build([toRaw(root)]) as string).trim()}\n`;
}
