import { VintnerError } from "../../common/errors.ts";
import { float16ToFloat32 } from "../../common/float16.ts";
import { shapeSize } from "../../common/shape.ts";
import { decodeMessage } from "../../formats/protobuf/decode-message.ts";
import { type BlobProto, NetParameterSchema } from "../../formats/protobuf/generated/caffe_pb.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** The weights of a network by the names of its layers. */
export type BlobsByLayer = ReadonlyMap<string, readonly Tensor[]>;

/** Reads the weights of a caffemodel, of any version of the format. Data of 32 bits is not copied where it is aligned. Throws FORMAT, INVALID_MODEL. */
export function readBlobs(bytes: Uint8Array, file: string): BlobsByLayer {
  const net = decodeMessage(NetParameterSchema, bytes, { what: "a caffemodel", file });
  const layers = [...net.layers.map((l) => l.layer ?? l), ...net.layer];
  const blobs = new Map<string, readonly Tensor[]>();
  for (const layer of layers)
    if (layer.blobs.length > 0)
      blobs.set(
        layer.name,
        layer.blobs.map((blob, i) => tensorOf(blob, `blob ${i} of layer "${layer.name}" (${file})`)),
      );
  return blobs;
}

/** Elements as an array over the bytes; a copy where they are not aligned. */
function arrayOver<T extends Float32Array | Float64Array | Uint16Array>(
  type: { new (buffer: ArrayBufferLike, offset: number, length: number): T; readonly BYTES_PER_ELEMENT: number },
  bytes: Uint8Array,
): T {
  const aligned = bytes.byteOffset % type.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new type(aligned.buffer, aligned.byteOffset, Math.floor(aligned.byteLength / type.BYTES_PER_ELEMENT));
}

function floatsOf(blob: BlobProto): Float32Array {
  if (blob.data.byteLength > 0) return arrayOver(Float32Array, blob.data);
  if (blob.doubleData.byteLength > 0) return Float32Array.from(arrayOver(Float64Array, blob.doubleData));
  if (blob.rawDataType === 0) return Float32Array.from(arrayOver(Float64Array, blob.rawData));
  return blob.rawDataType === 2 ? float16ToFloat32(arrayOver(Uint16Array, blob.rawData)) : arrayOver(Float32Array, blob.rawData);
}

function tensorOf(blob: BlobProto, where: string): Tensor {
  const floats = floatsOf(blob);
  const legacy = [blob.num, blob.channels, blob.height, blob.width];
  const shape = blob.shape ? blob.shape.dim.map(Number) : legacy.some((d) => d !== 0) ? legacy : [floats.length];
  if (shape.some((d) => !Number.isSafeInteger(d) || d < 0) || shapeSize(shape) !== floats.length)
    throw new VintnerError("INVALID_MODEL", {
      what: "the weights do not fill their shape",
      where,
      expected: `${shapeSize(shape)} elements of [${shape.join(",")}]`,
      got: `${floats.length}`,
      hint: "Check that the file was copied whole",
    });
  return new Tensor("f32", shape, floats);
}
