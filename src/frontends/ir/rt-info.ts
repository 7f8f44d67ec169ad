import type { XmlElement } from "../../formats/xml/parse-xml.ts";
import type { RtInfoValue } from "../../model/node.ts";

/**
 * Reads an <rt_info>: of layers and ports `<attribute name="decompression" version="0"/>` by its name, of the model
 * `<key value="..."/>`, or trees of such.
 */
export function readRtInfo(element: XmlElement | undefined, target: Map<string, RtInfoValue>): void {
  for (const child of element?.children ?? []) {
    const { name, ...attributes } = child.attributes;
    if (child.name === "attribute" && name !== undefined) target.set(name, attributes);
    else target.set(keyOf(child), treeOf(child));
  }
}

/** Keys that are no XML names stand in files as `<info name="...">`. */
const keyOf = ({ name, attributes }: XmlElement): string => (name === "info" ? (attributes["name"] ?? name) : name);

const treeOf = ({ attributes, children }: XmlElement): RtInfoValue =>
  children.length > 0 ? Object.fromEntries(children.map((child) => [keyOf(child), treeOf(child)])) : (attributes["value"] ?? "");
