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
});
