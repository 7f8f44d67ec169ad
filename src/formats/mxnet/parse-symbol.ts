import { VintnerError } from "../../common/errors.ts";

/** A node of a symbol: an operator, or `null` for a variable. */
export interface SymbolNode {
  readonly op: string;
  readonly name: string;
  /** Parameters of the operator, as text. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Nodes and which of their outputs. */
  readonly inputs: readonly (readonly [node: number, output: number])[];
}

/** A network as MXNet saves it: nodes, producers first, and its outputs. */
export interface MxnetSymbol {
  readonly nodes: readonly SymbolNode[];
  readonly heads: readonly (readonly [node: number, output: number])[];
}

/**
 * Parses a symbol's JSON (apache/mxnet, 3rdparty/tvm/nnvm/src/pass/saveload_json.cc) of any version: parameters stand under `attrs`, before
 * 1.0 under `attr`, before 0.9 under `param`; entries have two or three numbers. Throws FORMAT, INVALID_MODEL.
 */
export function parseSymbol(text: string, file: string): MxnetSymbol {
  const fail = (what: string, got?: string): never => {
    throw new VintnerError("INVALID_MODEL", { what, where: file, ...(got !== undefined && { got }) });
  };
  const json = parseJson(text, file);
  const entry = (value: unknown, most: number, where: string): readonly [number, number] => {
    const [node, output = 0] = Array.isArray(value) ? (value as readonly unknown[]) : [];
    if (!Number.isInteger(node) || (node as number) < 0 || (node as number) >= most || !Number.isInteger(output) || (output as number) < 0)
      return fail(`${where} reads no node before it`, JSON.stringify(value));
    return [node as number, output as number];
  };
  const list = (value: unknown, what: string): readonly unknown[] =>
    Array.isArray(value) ? (value as readonly unknown[]) : fail(`${what} is no list`);
  const nodes = list(json["nodes"], '"nodes"').map((value, i): SymbolNode => {
    const node = isObject(value) ? value : fail(`node ${i} is no object`);
    const { op, name } = node;
    if (typeof op !== "string" || typeof name !== "string") return fail(`node ${i} has no operator or no name`);
    const attributes = new Map<string, string>();
    for (const field of ["param", "attr", "attrs"])
      for (const [key, text] of Object.entries(isObject(node[field]) ? node[field] : {})) attributes.set(key, String(text));
    const inputs = list(node["inputs"] ?? [], `inputs of "${name}"`).map((e) => entry(e, i, `"${name}"`));
    return { op, name, attributes, inputs };
  });
  const heads = list(json["heads"] ?? json["head"], '"heads"').map((e) => entry(e, nodes.length, "an output"));
  if (heads.length === 0) fail("the symbol has no outputs");
  return { nodes, heads };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function parseJson(text: string, file: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    if (isObject(json)) return json;
  } catch (cause) {
    throw new VintnerError("FORMAT", { what: "this is no well-formed JSON", where: file, got: String(cause).slice(0, 120) }, { cause });
  }
  throw new VintnerError("FORMAT", { what: "the symbol is no JSON object", where: file });
}
