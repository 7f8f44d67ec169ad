import { VintnerError } from "../../common/errors.ts";
import type { TensorProto } from "../../formats/protobuf/generated/onnx_pb.ts";
import type { RandomAccess } from "../../platform/random-access.ts";
import { locationInFolder } from "../location.ts";

/** Opens a file beside the model; the path is relative to the model's folder. */
export type SideFiles = (location: string) => RandomAccess;

/** The path in `location`, which must stay inside the model's folder. Throws INVALID_MODEL. */
export function externalLocation(proto: TensorProto, where: string): string {
  const location = entry(proto, "location") ?? "";
  const inside = locationInFolder(location);
  if (inside === undefined)
    throw new VintnerError("INVALID_MODEL", {
      what: "external data must lie in the model's folder",
      where,
      expected: "a relative path without ..",
      got: JSON.stringify(location),
    });
  return inside;
}

/** A tensor's bytes in its side file, no others. Offset and length are checked against the file. */
export function externalBytes(proto: TensorProto, sideFiles: SideFiles, where: string): Uint8Array {
  const location = externalLocation(proto, where);
  const file = sideFiles(location);
  const offset = lengthOf(proto, "offset", where) ?? 0;
  const length = lengthOf(proto, "length", where) ?? Math.max(file.size - offset, 0);
  if (offset + length > file.size)
    throw new VintnerError("FORMAT", {
      what: "external data ends before the tensor does",
      where: `${where} in ${location}`,
      expected: `${offset + length} bytes`,
      got: `${file.size} bytes`,
      hint: "The weights file is truncated or belongs to another model",
    });
  return file.read(offset, length);
}

const entry = (proto: TensorProto, key: string): string | undefined => proto.externalData.find((e) => e.key === key)?.value;

function lengthOf(proto: TensorProto, key: "offset" | "length", where: string): number | undefined {
  const text = entry(proto, key);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < 0)
    throw new VintnerError("INVALID_MODEL", {
      what: `external data has an unreadable ${key}`,
      where,
      expected: "a number of bytes",
      got: JSON.stringify(text),
    });
  return value;
}
