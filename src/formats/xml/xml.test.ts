import { describe, expect, test } from "vitest";
import type { VintnerError } from "../../common/errors.ts";
import { thrownBy } from "../../common/thrown-error.fixture.ts";
import { formatXml } from "./format-xml.ts";
import { childOf, childrenOf, parseXml, type XmlElement } from "./parse-xml.ts";

const parse = (text: string): XmlElement => parseXml(new TextEncoder().encode(text), "model.xml");

const errorOf = (text: string | Uint8Array): VintnerError =>
  thrownBy(() => parseXml(typeof text === "string" ? new TextEncoder().encode(text) : text, "model.xml"));

describe("parseXml", () => {
  test("keeps order, attributes as text, spaces in them, and text of elements without children", () => {
    const root = parse(
      '<?xml version="1.0"?>\n<!-- a -->\n<net n=" 010 " b="true">\n <p>\n 7 </p><q/><p k="1e3"><![CDATA[<x>]]></p>\n</net>\n',
    );
    expect(root.attributes).toEqual({ n: " 010 ", b: "true" });
    expect(root.children.map((c) => c.name)).toEqual(["p", "q", "p"]);
    expect(childrenOf(root, "p").map((p) => p.text)).toEqual(["7", "<x>"]);
    expect(childOf(root, "r")).toBeUndefined();
  });

  test("resolves the predefined entities and numeric references, however many there are", () => {
    const many = "<a v='&lt;&#38;&quot;&#x41;&gt;&apos;'/>".repeat(3000);
    const { children } = parse(`<net>${many}</net>`);
    expect(children).toHaveLength(3000);
    expect(new Set(children.map((c) => c.attributes["v"]))).toEqual(new Set(["<&\"A>'"]));
  });

  test.each([
    ["nothing", ""],
    ["a truncated element", '<net><layer id="0"'],
    ["elements that cross", "<net><a></net></a>"],
    ["an attribute without quotes", "<net a=1/>"],
    ["an attribute that is given twice", '<net a="1" a="2"/>'],
    ["two roots", "<net/><net/>"],
    ["text behind the root", "<net/>text"],
    ["an external entity", '<!DOCTYPE net [<!ENTITY e SYSTEM "file:///etc/hostname">]><net a="&e;"/>'],
    ["an entity bomb", `<!DOCTYPE net [<!ENTITY a "xx"><!ENTITY b "&a;&a;">]><net a="&b;"/>`],
    ["nesting without end", "<a>".repeat(1_000_000)],
    ["deep nesting", `<net>${"<a>".repeat(80)}${"</a>".repeat(80)}</net>`],
    ["attributes without end", `<net ${Array.from({ length: 50_000 }, (_, i) => `a${i}="1"`).join(" ")}/>`],
    ["brackets without end", "<".repeat(1_000_000)],
    ["comments that do not end", `<net>${"<!--".repeat(100_000)}</net>`],
    ["sections that do not end", `<net>${"<![CDATA[".repeat(100_000)}</net>`],
    ["more elements than the heap holds", `<net>${"<a/>".repeat(5_000_000)}</net>`],
    ["names that would reach into objects", '<net><a __proto__="1"/></net>'],
  ])("refuses %s", (_, text) => {
    const error = errorOf(text);
    expect(error.code).toBe("FORMAT");
    expect(error.message.length).toBeLessThan(500);
  });

  test("says where: the file and the line; and what is no text", () => {
    expect(errorOf("<net>\n<a>\n</b></net>").message).toMatch(/^model\.xml, line 3/);
    expect(errorOf(new Uint8Array([0x3c, 0xff, 0xfe])).message).toContain("not UTF-8");
  });
});

describe("formatXml", () => {
  test("writes as pugixml does for OpenVINO", () => {
    const text = formatXml({
      name: "net",
      attributes: { name: "m<1>", note: "a\"b'c\td\ne&\u0001é" },
      children: [
        { name: "empty" },
        {
          name: "port",
          attributes: { id: "0" },
          children: [
            { name: "dim", text: "-1" },
            { name: "note", text: "<&>" },
          ],
        },
      ],
    });
    expect(text).toBe(
      [
        '<?xml version="1.0"?>',
        `<net name="m&lt;1>" note="a&quot;b'c&#09;d&#10;e&amp;&#01;é">`,
        "\t<empty />",
        '\t<port id="0">',
        "\t\t<dim>-1</dim>",
        "\t\t<note>&lt;&amp;&gt;</note>",
        "\t</port>",
        "</net>",
        "",
      ].join("\n"),
    );
  });

  test("what it writes is read back", () => {
    const name = "a<b>c\"d'e\tf\ng&h,é\\";
    expect(parse(formatXml({ name: "net", attributes: { name } })).attributes["name"]).toBe(name);
  });
});
