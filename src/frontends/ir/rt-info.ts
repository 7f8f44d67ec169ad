import type { XmlElement } from "../../formats/xml/parse-xml.ts";
import type { RtInfoValue } from "../../model/node.ts";

/**
 * Reads an <rt_info>: `<attribute name="decompression" version="0"/>` of layers by its name, and the model's
 * `<key value="..."/>`, nested ones by a path with slashes.
 */
export function readRtInfo(element: XmlElement | undefined, target: Map<string, RtInfoValue>): void {
  for (const child of element?.children ?? []) readEntry(child, "", target);
}

function readEntry({ name, attributes, children }: XmlElement, path: string, target: Map<string, RtInfoValue>): void {
  if (name === "attribute" && attributes["name"] !== undefined) {
    const { name: key, ...rest } = attributes;
    target.set(key, rest);
    return;
  }
  const key = `${path}${name === "info" && attributes["name"] !== undefined ? attributes["name"] : name}`;
  if (attributes["value"] !== undefined) target.set(key, attributes["value"]);
  for (const child of children) readEntry(child, `${key}/`, target);
}
