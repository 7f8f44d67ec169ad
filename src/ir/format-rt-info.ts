import type { XmlTree } from "../formats/xml/format-xml.ts";
import type { RtInfoValue } from "../model/node.ts";

/** The <rt_info> of a layer or port: `<attribute name version ...>`, a plain string as its `value`. Nothing where it is empty. */
export function formatAttributes(info: ReadonlyMap<string, RtInfoValue>): XmlTree[] {
  const entries = [...info].map(([name, value]) => ({
    name: "attribute",
    attributes: { name, ...(typeof value === "string" ? { version: "0", value } : strings(value)) },
  }));
  return entries.length === 0 ? [] : [{ name: "rt_info", children: entries }];
}

/** The <rt_info> of a model: `<key value="...">`, trees as nested elements, keys in order. */
export const formatModelInfo = (info: ReadonlyMap<string, RtInfoValue>): XmlTree => ({
  name: "rt_info",
  children: trees(Object.fromEntries(info)),
});

const strings = (value: Readonly<Record<string, RtInfoValue>>): Record<string, string> =>
  Object.fromEntries(Object.entries(value).flatMap(([key, text]) => (typeof text === "string" ? [[key, text]] : [])));

/** Keys that are no XML names are written as `<info name="...">`. */
const isXmlName = (key: string): boolean => /^[A-Za-z_][\w.-]*$/.test(key);

const trees = (info: Readonly<Record<string, RtInfoValue>>): XmlTree[] =>
  Object.keys(info)
    .toSorted()
    .map((key) => {
      const value = info[key] as RtInfoValue;
      return {
        name: isXmlName(key) ? key : "info",
        attributes: { ...(!isXmlName(key) && { name: key }), ...(typeof value === "string" && { value }) },
        children: typeof value === "string" ? [] : trees(value),
      };
    });
