import { VintnerError } from "../common/errors.ts";
import { splitList } from "./split-list.ts";

/** The layout of one input: what the source model has, and what the converted model shall take. */
export interface LayoutSpec {
  readonly name?: string;
  readonly source: Layout;
  readonly target?: Layout;
}

/** One letter or word for each axis in lower case, `?` for any; `...` stands for any number of axes. */
export type Layout = readonly string[];

/** What `layout` accepts: `nhwc->nchw`, `data(nhwc->nchw),info(nc)`, or layouts by input name. */
export type LayoutOption = string | Readonly<Record<string, string>>;

const grammar = "nchw, nhwc->nchw, name(nhwc->nchw), [n,...,c]";

/** Reads OpenVINO's layout spelling. Throws INVALID_ARGUMENT. */
export function parseLayouts(value: LayoutOption): LayoutSpec[] {
  if (typeof value !== "string") return Object.entries(value).map(([name, text]) => ({ name, ...parseArrow(text) }));
  return splitList(value, "layout").map((entry) => {
    const named = /^(.+?)\((.*)\)$/.exec(entry);
    return named ? { name: named[1].trim(), ...parseArrow(named[2]) } : parseArrow(entry);
  });
}

function parseArrow(text: string): Pick<LayoutSpec, "source" | "target"> {
  const [source, target, ...rest] = text.split("->");
  if (rest.length > 0) fail(text);
  return target === undefined ? { source: parseLayout(source) } : { source: parseLayout(source), target: parseLayout(target) };
}

function parseLayout(text: string): Layout {
  const inner = text.trim().toLowerCase();
  const bracketed = /^\[(.*)\]$/.exec(inner);
  const axes = bracketed
    ? bracketed[1].split(",").map((a) => a.trim())
    : [...inner.replace("...", "…")].map((a) => (a === "…" ? "..." : a));
  const named = axes.filter((a) => a !== "?" && a !== "...");
  if (axes.length === 0 || !axes.every((a) => /^(\w+|\?|\.\.\.)$/.test(a)) || new Set(named).size !== named.length) fail(text);
  if (axes.filter((a) => a === "...").length > 1) fail(text);
  return axes;
}

function fail(text: string): never {
  throw new VintnerError("INVALID_ARGUMENT", { what: 'unreadable option "layout"', expected: grammar, got: `"${text}"` });
}

/** The axis that a layout names, undefined where it does not or where `...` comes before it in an unknown rank. */
export function axisOf(layout: Layout, name: string, rank: number): number | undefined {
  const axis = layout.indexOf(name);
  if (axis < 0) return undefined;
  const dots = layout.indexOf("...");
  return dots < 0 || axis < dots ? axis : rank - (layout.length - axis);
}

/** Whether a tensor of this rank can have the layout. */
export const fitsRank = (layout: Layout, rank: number): boolean =>
  layout.includes("...") ? layout.length - 1 <= rank : layout.length === rank;

/** The order of axes that a Transpose takes from one layout to the other, undefined where the names do not match. */
export function transposition(from: Layout, to: Layout): number[] | undefined {
  if (from.length !== to.length || from.includes("...") || from.includes("?")) return undefined;
  const order = to.map((name) => from.indexOf(name));
  return order.includes(-1) ? undefined : order;
}
