import { TensorProto_DataType as DataType } from "../../formats/protobuf/generated/onnx_pb.ts";
import type { ElementType } from "../../tensor/element-type.ts";

const elementTypes: ReadonlyMap<number, ElementType> = new Map([
  [DataType.FLOAT, "f32"],
  [DataType.UINT8, "u8"],
  [DataType.INT8, "i8"],
  [DataType.UINT16, "u16"],
  [DataType.INT16, "i16"],
  [DataType.INT32, "i32"],
  [DataType.INT64, "i64"],
  [DataType.STRING, "string"],
  [DataType.BOOL, "boolean"],
  [DataType.FLOAT16, "f16"],
  [DataType.DOUBLE, "f64"],
  [DataType.UINT32, "u32"],
  [DataType.UINT64, "u64"],
  [DataType.BFLOAT16, "bf16"],
  [DataType.FLOAT8E4M3FN, "f8e4m3"],
  [DataType.FLOAT8E5M2, "f8e5m2"],
  [DataType.UINT4, "u4"],
  [DataType.INT4, "i4"],
  [DataType.FLOAT4E2M1, "f4e2m1"],
  [DataType.FLOAT8E8M0, "f8e8m0"],
  [DataType.UINT2, "u2"],
]);

const names = new Map(Object.entries(DataType).map(([name, value]) => [value as number, name]));

/** The element type of a TensorProto.DataType; undefined for one that OpenVINO's models lack. */
export const elementTypeOf = (dataType: number): ElementType | undefined => elementTypes.get(dataType);

/** ONNX's own name of a data type, for errors: `COMPLEX64`. */
export const dataTypeName = (dataType: number): string => names.get(dataType) ?? `data type ${dataType}`;
