import { VintnerError } from "../../common/errors.ts";
import { shapeSize } from "../../common/shape.ts";
import { isFieldSet } from "@bufbuild/protobuf";
import { TensorProto_DataLocation as DataLocation, type TensorProto, TensorProtoSchema } from "../../formats/protobuf/generated/onnx_pb.ts";
import { byteLengthOf, type ElementType, elementTypes, type TypedArray } from "../../tensor/element-type.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { dataTypeName, elementTypeOf } from "./element-types.ts";
import { externalBytes, type SideFiles } from "./external-data.ts";

/** What the reading of tensors needs to know of the model: its file, for errors, and the files beside it. */
export interface TensorSource {
  readonly file: string;
  readonly sideFiles: SideFiles;
}

/** Smaller tensors are copied at once where the file does not align them. */
const leastDeferred = 4096;

/**
 * The tensor of a TensorProto: a view on the file's bytes where they are raw and aligned, else a copy, of large tensors when they are read. Throws INVALID_MODEL where the
 * data does not fill the shape, UNSUPPORTED for element types that models of OpenVINO lack.
 */
export function tensorFromProto(proto: TensorProto, source: TensorSource): Tensor {
  const where = `tensor "${proto.name}" (${source.file})`;
  const type = elementTypeOf(proto.dataType);
  if (type === undefined || type === "string")
    throw new VintnerError("UNSUPPORTED", {
      what: "tensors of this element type are not supported",
      where,
      got: dataTypeName(proto.dataType),
    });
  const shape = proto.dims.map(Number);
  const size = shapeSize(shape);
  if (shape.some((d) => !Number.isSafeInteger(d) || d < 0) || !Number.isSafeInteger(size))
    throw new VintnerError("INVALID_MODEL", { what: "a tensor's dimensions must be lengths", where, got: `[${shape.join(",")}]` });
  const bytes = rawBytes(proto, source, where);
  const length = byteLengthOf(type, size);
  if (bytes === undefined) return new Tensor(type, shape, fromFields(proto, type, size, where));
  if (bytes.byteLength !== length)
    throw new VintnerError("INVALID_MODEL", {
      what: `the data does not fill a tensor of ${type}[${shape.join(",")}]`,
      where,
      expected: `${length} bytes`,
      got: `${bytes.byteLength}`,
    });
  const { array } = elementTypes[type];
  const isAligned = bytes.byteOffset % array.BYTES_PER_ELEMENT === 0;
  if (isAligned) return new Tensor(type, shape, arrayOn(bytes, type));
  const copied = (): TypedArray => arrayOn(new Uint8Array(bytes), type);
  return new Tensor(type, shape, size < leastDeferred ? copied() : copied);
}

function rawBytes(proto: TensorProto, source: TensorSource, where: string): Uint8Array | undefined {
  if (proto.dataLocation === DataLocation.EXTERNAL) return externalBytes(proto, source.sideFiles, where);
  return isFieldSet(proto, TensorProtoSchema.field.rawData) ? proto.rawData : undefined;
}

function arrayOn(bytes: Uint8Array, type: ElementType): TypedArray {
  const { array } = elementTypes[type];
  return new array(bytes.buffer, bytes.byteOffset, bytes.byteLength / array.BYTES_PER_ELEMENT);
}

/** Elements that stand in the field of their type, as varints or packed numbers. */
function fromFields(proto: TensorProto, type: ElementType, size: number, where: string): TypedArray {
  const { array, bits } = elementTypes[type];
  const values = fieldOf(proto, type);
  // Types under 8 bits lie packed, a byte in each entry.
  const length = bits < 8 ? byteLengthOf(type, size) : size;
  if (values.length !== length)
    throw new VintnerError("INVALID_MODEL", {
      what: `the data does not fill a tensor of ${type}[${proto.dims.join(",")}]`,
      where,
      expected: `${length} elements`,
      got: `${values.length}`,
    });
  const out = new array(length);
  for (let i = 0; i < length; i++) out[i] = values[i];
  return out;
}

function fieldOf(proto: TensorProto, type: ElementType): readonly (number | bigint)[] {
  switch (type) {
    case "f32":
      return proto.floatData;
    case "f64":
      return proto.doubleData;
    case "i64":
      return proto.int64Data;
    case "u64":
      return proto.uint64Data;
    case "u32":
      return proto.uint64Data.map(Number);
    default:
      return proto.int32Data;
  }
}
