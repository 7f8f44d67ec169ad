import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** Where protobuf data stops making sense, and how. */
export interface Fault {
  readonly offset: number;
  readonly what: string;
}

/** Walks data that a decoder refused to the first record that cannot be read. Undefined where every record can. */
export function locateFault(schema: DescMessage, data: Uint8Array, maxDepth: number): Fault | undefined {
  return walk(schema, new BinaryReader(data), data.byteLength, maxDepth);
}

/** The message of a field that holds messages, one or a list. */
const messageOf = (field: DescField | undefined): DescMessage | undefined =>
  field?.fieldKind === "message" || (field?.fieldKind === "list" && field.listKind === "message") ? field.message : undefined;

function walk(schema: DescMessage, reader: BinaryReader, end: number, depth: number): Fault | undefined {
  const fields = new Map(schema.fields.map((f) => [f.number, f]));
  while (reader.pos < end) {
    const offset = reader.pos;
    try {
      const [number, wireType] = reader.tag();
      const field = fields.get(number);
      const nested = wireType === WireType.LengthDelimited ? messageOf(field) : undefined;
      if (nested) {
        const length = reader.uint32();
        if (reader.pos + length > end) return { offset, what: `field "${field?.name}" of ${schema.typeName} ends after what holds it` };
        if (depth === 0) return { offset, what: "messages nest too deep" };
        const fault = walk(nested, reader, reader.pos + length, depth - 1);
        if (fault) return fault;
      } else {
        reader.skip(wireType, number);
        if (reader.pos > end)
          return { offset, what: `field ${field ? `"${field.name}"` : number} of ${schema.typeName} ends after what holds it` };
      }
    } catch (error) {
      return { offset, what: `${schema.typeName} has an unreadable field (${error instanceof Error ? error.message : String(error)})` };
    }
  }
  return undefined;
}
