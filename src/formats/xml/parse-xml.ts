import { XMLParser, XMLValidator } from "fast-xml-parser";
import { VintnerError } from "../../common/errors.ts";
import { ObjectBudget } from "../object-budget.ts";

/** An element: its name, attributes and children in document order. Text is kept only where an element holds nothing else. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

/** Deeper documents are refused: the IR nests a few levels, and hostile files exhaust the stack. */
const mostDepth = 64;
/** An IR's elements have a few dozen. */
const mostAttributes = 10_000;
const mostBytes = 1 << 30;

/** What the parser's objects and ours take of the heap, measured: for each bracket that opens a tag, and each attribute. */
const bytesPerTag = 300;
const bytesPerAttribute = 60;

const attributesKey = ":@";
const textKey = "#text";
type Raw = Record<string, unknown>;

/** Parses a document and gives its root. Throws FORMAT, with line and column, for what is no well-formed XML. */
export function parseXml(bytes: Uint8Array, where: string): XmlElement {
  if (bytes.byteLength > mostBytes)
    throw new VintnerError("FORMAT", {
      what: "the XML is too large",
      where,
      expected: `at most ${mostBytes} bytes`,
      got: `${bytes.byteLength}`,
    });
  const text = decode(bytes, where);
  if (/<!(DOCTYPE|ENTITY)/i.test(text))
    throw new VintnerError("FORMAT", {
      what: "the XML declares a document type",
      where,
      hint: "No model needs one, and its entities can be hostile",
    });
  new ObjectBudget(where).spend(bytesPerTag * occurrences(bytes, "<") + bytesPerAttribute * occurrences(bytes, "="));
  const valid = XMLValidator.validate(text);
  if (valid !== true)
    throw new VintnerError("FORMAT", {
      what: `this is no well-formed XML: ${shortened(valid.err.msg.replace(/\.$/, ""))}`,
      where: `${where}, line ${valid.err.line}`,
      hint: "The file is truncated or damaged",
    });
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: "",
    parseTagValue: false,
    parseAttributeValue: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
    trimValues: false,
    // Numeric references come with these.
    htmlEntities: true,
    processEntities: true,
  });
  let raw: unknown;
  try {
    raw = parser.parse(text);
  } catch (error) {
    throw new VintnerError(
      "FORMAT",
      { what: "the XML cannot be read", where, got: shortened(error instanceof Error ? error.message : String(error)) },
      { cause: error },
    );
  }
  const roots = (raw as Raw[]).filter((r) => !(textKey in r));
  // The parser drops text behind the root.
  const rest = text.slice(text.lastIndexOf(">") + 1).trim();
  if (roots.length !== 1 || rest !== "")
    throw new VintnerError("FORMAT", {
      what: "an XML document has one root element and nothing behind it",
      where,
      got: rest === "" ? `${roots.length} roots` : JSON.stringify(rest.slice(0, 20)),
    });
  return toElement(roots[0], where, 0);
}

function occurrences(bytes: Uint8Array, character: "<" | "="): number {
  const code = character.charCodeAt(0);
  let count = 0;
  for (let at = bytes.indexOf(code); at >= 0; at = bytes.indexOf(code, at + 1)) count++;
  return count;
}

/** The parser quotes what it stumbles over, whole. */
const shortened = (message: string): string => (message.length > 200 ? `${message.slice(0, 200)}…` : message);

function decode(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new VintnerError(
      "FORMAT",
      { what: "the XML is not UTF-8 text", where, hint: "The file is damaged or of another format" },
      { cause: error },
    );
  }
}

function toElement(raw: Raw, where: string, depth: number): XmlElement {
  if (depth > mostDepth)
    throw new VintnerError("FORMAT", { what: "the XML is nested too deeply", where, expected: `at most ${mostDepth} levels` });
  const name = Object.keys(raw).find((k) => k !== attributesKey) ?? "";
  const list = (Array.isArray(raw[name]) ? raw[name] : []) as Raw[];
  const entries = Object.entries((raw[attributesKey] ?? {}) as Raw);
  if (entries.length > mostAttributes)
    throw new VintnerError("FORMAT", {
      what: "an element of the XML has too many attributes",
      where,
      expected: `at most ${mostAttributes}`,
      got: `${entries.length} of <${shortened(name)}>`,
    });
  const attributes = Object.fromEntries(entries.map(([k, v]) => [k, String(v)]));
  const children: XmlElement[] = [];
  let text = "";
  for (const child of list)
    if (textKey in child) text += String(child[textKey]);
    else children.push(toElement(child, where, depth + 1));
  return { name, attributes, children, text: text.trim() };
}

/** The first child of a name. */
export const childOf = (element: XmlElement | undefined, name: string): XmlElement | undefined =>
  element?.children.find((c) => c.name === name);

/** All children of a name. */
export const childrenOf = (element: XmlElement | undefined, name: string): XmlElement[] =>
  element?.children.filter((c) => c.name === name) ?? [];
