import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import type { VintnerError } from "../../common/errors.ts";
import { thrownBy } from "../../common/thrown-error.fixture.ts";
import { decodeMessage } from "./decode-message.ts";
import { ModelProtoSchema, TensorProto_DataType as DataType, TypeProtoSchema } from "./generated/onnx_pb.ts";

const options = { what: "an ONNX model", file: "model.onnx" };
const bytes = toBinary(
  ModelProtoSchema,
  create(ModelProtoSchema, {
    irVersion: 8n,
    graph: { name: "g", initializer: [{ name: "w", dims: [4n], dataType: DataType.UINT8, rawData: Uint8Array.of(1, 2, 3, 4) }] },
  }),
);

const failure = (data: Uint8Array): VintnerError => thrownBy(() => decodeMessage(ModelProtoSchema, data, options));

describe("decodeMessage", () => {
  test("bytes are views on the data", () => {
    const raw = decodeMessage(ModelProtoSchema, bytes, options).graph?.initializer[0].rawData;
    expect(raw).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(raw?.buffer).toBe(bytes.buffer);
  });

  test("fields that the schema lacks are skipped", () => {
    // Field 6 of ModelProto, a documentation string.
    const documented = Uint8Array.of(...bytes, 0x32, 2, 0x68, 0x69);
    expect(decodeMessage(ModelProtoSchema, documented, options)).toEqual(decodeMessage(ModelProtoSchema, bytes, options));
  });

  test("a field that ends after the data is reported with its offset", () => {
    const graph = bytes.indexOf(0x3a);
    const error = failure(bytes.subarray(0, bytes.length - 1));
    expect(error.code).toBe("FORMAT");
    expect(error.details.where).toBe("model.onnx");
    expect(error.details.what).toContain(`field "graph" of onnx.ModelProto ends after what holds it at byte ${graph}`);
  });

  test("a wire type that does not exist is reported with its offset", () => {
    const error = failure(Uint8Array.of(0x08, 8, 0x0f));
    expect(error.details.what).toMatch(/unreadable field .* at byte 2$/);
  });

  test("messages that nest too deep are refused", () => {
    // TypeProto.sequence_type.elem_type.sequence_type ... around nothing.
    let nested = new Uint8Array();
    for (let i = 0; i < 200; i++) {
      const length = nested.length < 128 ? [nested.length] : [(nested.length & 127) | 128, nested.length >> 7];
      nested = Uint8Array.of(i % 2 === 0 ? 0x0a : 0x22, ...length, ...nested);
    }
    expect(() => decodeMessage(TypeProtoSchema, nested, options)).toThrow(/nest too deep at byte \d+/);
  });

  describe("a small file that would become more objects than the heap holds is refused before it is decoded", () => {
    const varint = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...varint(Math.floor(n / 128))]);
    /** A graph whose content is `pattern`, again and again. */
    const graph = (pattern: readonly number[], count: number): Uint8Array => {
      const head = [8, 8, 0x3a, ...varint(pattern.length * count)];
      const data = new Uint8Array(head.length + pattern.length * count);
      data.set(head);
      for (let i = 0, at = head.length; i < count; i++, at += pattern.length) data.set(pattern, at);
      return data;
    };
    /** An initializer with one field of packed numbers. */
    const tensor = (field: number, count: number): Uint8Array => {
      const body = [field * 8 + 2, ...varint(count)];
      const inner = [0x2a, ...varint(body.length + count), ...body];
      const head = [0x3a, ...varint(inner.length + count), ...inner];
      const data = new Uint8Array(head.length + count);
      data.set(head);
      return data;
    };
    test.each([
      ["empty initializers", graph([0x2a, 0], 15_000_000)],
      ["empty nodes", graph([0x0a, 0], 5_000_000)],
      ["inputs without a name", graph([0x0a, 2, 0x0a, 0], 5_000_000)],
      ["64-bit numbers of one byte", tensor(7, 50_000_000)],
    ])("%s", (_, data) => {
      expect(failure(data)).toMatchObject({ code: "FORMAT", details: { what: "decoding the file would take too many objects" } });
    });

    test("a large file of few objects is not", () => {
      const w = { name: "w", dims: [20_000_000n], dataType: DataType.UINT8, rawData: new Uint8Array(20_000_000) };
      const large = toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 8n, graph: { name: "g", initializer: [w] } }));
      expect(decodeMessage(ModelProtoSchema, large, options).graph?.initializer[0].rawData).toHaveLength(20_000_000);
    });
  });
});
