import type { XmlElement } from "./parse-xml.ts";

/** An element to write; text and children exclude each other. */
export type XmlTree = Pick<XmlElement, "name"> & {
  readonly attributes?: Readonly<Record<string, string>>;
  readonly children?: readonly XmlTree[];
  readonly text?: string;
};

/** Writes a document byte for byte as pugixml does for OpenVINO: tabs, ` />` behind empty elements, an XML declaration first. */
export function formatXml(root: XmlTree): string {
  const lines = ['<?xml version="1.0"?>'];
  write(root, "", lines);
  lines.push("");
  return lines.join("\n");
}

function write({ name, attributes = {}, children = [], text }: XmlTree, indent: string, lines: string[]): void {
  let open = `${indent}<${name}`;
  for (const [key, value] of Object.entries(attributes)) open += ` ${key}="${escapeAttribute(value)}"`;
  if (text !== undefined) lines.push(`${open}>${escapeText(text)}</${name}>`);
  else if (children.length === 0) lines.push(`${open} />`);
  else {
    lines.push(`${open}>`);
    for (const child of children) write(child, `${indent}\t`, lines);
    lines.push(`${indent}</${name}>`);
  }
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
/** Control characters as decimal references of at least two digits. */
const escape = (c: string): string => entities[c] ?? `&#${String(c.charCodeAt(0)).padStart(2, "0")};`;

// oxlint-disable-next-line no-control-regex
const escapeAttribute = (value: string): string => value.replaceAll(/[&<"\u0000-\u001f]/g, escape);
// oxlint-disable-next-line no-control-regex
const escapeText = (value: string): string => value.replaceAll(/[&<>\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, escape);
