import { VintnerError } from "../../common/errors.ts";
import type { LoadStatement, StoreStatement } from "../address-plan.ts";
import type { Address, Constant, VirtualRegister } from "./machine.ts";
import { type InstructionBuffer, widthOf } from "./instruction-buffer.ts";

/** The memory at a number of bytes from the access. */
type At = (bytes: number) => Address;

/** A load that is not folded into its user: whole, in part, or one element in every lane. */
export function selectLoad(
  s: InstructionBuffer,
  target: VirtualRegister,
  { element, target: { lanes }, count: asked, broadcast }: LoadStatement,
  at: At,
): void {
  const width = widthOf(lanes);
  const count = broadcast ? lanes : Math.min(asked, lanes);
  const one = broadcast || lanes === 1;
  switch (element) {
    case "f32":
    case "i32":
      if (one && lanes > 1) s.emit("vbroadcastss", width, [target, at(0)]);
      else if (count === 1) s.emit("vmovss", 128, [target, at(0)]);
      else if (count === 2) s.emit("vmovsd", 128, [target, at(0)]);
      else if (count === 4 || count === 8 || count === 16) s.emit("vmovups", widthOf(count), [target, at(0)]);
      else if (s.avx512) s.emit("vmovups", width, [target, at(0)], { mask: laneMask(s, count), zero: true });
      else s.emit("vmaskmovps", width, [target, s.constant(Array.from({ length: width / 32 }, (_, i) => (i < count ? -1 : 0))), at(0)]);
      return;
    case "f16":
      if (one) s.emit("vcvtph2ps", width, [target, s.define("vpbroadcastw", widthOf(Math.max(4, lanes / 2)), [at(0)])]);
      else if (count === lanes && lanes >= 4) s.emit("vcvtph2ps", width, [target, at(0)]);
      else if (s.avx512) s.emit("vcvtph2ps", width, [target, at(0)], { mask: laneMask(s, count), zero: true });
      else s.emit("vcvtph2ps", width, [target, loadBytes(s, count * 2, at)]);
      return;
    case "u8":
    case "i8": {
      const name = element === "u8" ? "vpmovzxbd" : "vpmovsxbd";
      if (one) s.emit(name, width, [target, s.define("vpbroadcastb", 128, [at(0)])]);
      else if (count === lanes && lanes >= 4) s.emit(name, width, [target, at(0)]);
      else if (s.avx512) s.emit(name, width, [target, at(0)], { mask: laneMask(s, count), zero: true });
      else s.emit(name, width, [target, loadBytes(s, count, at)]);
      return;
    }
    default:
      throw new VintnerError("UNSUPPORTED", { what: `x86 code does not load ${element} yet` });
  }
}

export function selectStore(
  s: InstructionBuffer,
  value: VirtualRegister,
  { element, value: { lanes }, count: asked }: StoreStatement,
  at: At,
): void {
  const width = widthOf(lanes);
  const count = Math.min(asked, lanes);
  switch (element) {
    case "f32":
    case "i32":
      if (count === 1) s.emit("vmovss.store", 128, [at(0), value]);
      else if (count === 2) s.emit("vmovlps.store", 128, [at(0), value]);
      else if (count === 4 || count === 8 || count === 16) s.emit("vmovups.store", widthOf(count), [at(0), value]);
      else if (s.avx512) s.emit("vmovups.store", width, [at(0), value], { mask: laneMask(s, count) });
      else {
        let rest = value;
        if (count > 4) {
          s.emit("vmovups.store", 128, [at(0), value]);
          rest = s.define("vextractf128", 256, [value, 1]);
        }
        storeBytes(s, rest, (count % 4) * 4, (bytes) => at((count > 4 ? 16 : 0) + bytes));
      }
      return;
    case "f16":
      if (count === lanes && lanes >= 4) s.emit("vcvtps2ph", width, [at(0), value, 0]);
      else {
        const half = s.define("vcvtps2ph", width, [value, 0]);
        if (s.avx512) s.emit("vmovdqu16.store", lanes === 16 ? 256 : 128, [at(0), half], { mask: laneMask(s, count) });
        else storeBytes(s, half, count * 2, at);
      }
      return;
    case "u8":
    case "i8": {
      let packed: VirtualRegister;
      if (s.avx512) packed = s.define("vpmovdb", width, [value]);
      else {
        const low = s.define("vpshufb", width, [
          value,
          s.constant(Array.from({ length: width / 32 }, (_, i) => (i % 4 === 0 ? 0x0c080400 : -1))),
        ]);
        packed = width === 256 ? s.define("vpunpckldq", 128, [low, s.define("vextractf128", 256, [low, 1])]) : low;
      }
      if (count === 16) s.emit("vmovups.store", 128, [at(0), packed]);
      else if (s.avx512 && count !== 8 && count !== 4 && count !== 1)
        s.emit("vmovdqu8.store", 128, [at(0), packed], { mask: laneMask(s, count) });
      else storeBytes(s, packed, count, at);
      return;
    }
    default:
      throw new VintnerError("UNSUPPORTED", { what: `x86 code does not store ${element} yet` });
  }
}

const laneMask = (s: InstructionBuffer, count: number): Constant => s.constant([2 ** count - 1], "mask");

/** Fewer than 16 bytes in one register, zero behind them, without reading others. */
function loadBytes(s: InstructionBuffer, bytes: number, at: At): VirtualRegister {
  let offset = bytes >= 8 ? 8 : bytes >= 4 ? 4 : 0;
  let value = s.register(128);
  if (offset === 8) s.emit("vmovsd", 128, [value, at(0)]);
  else if (offset === 4) s.emit("vmovss", 128, [value, at(0)]);
  else s.emit("move", 128, [value, s.splat(0)]);
  for (const size of [4, 2, 1] as const)
    if (bytes - offset >= size) {
      value = s.define(size === 4 ? "vpinsrd" : size === 2 ? "vpinsrw" : "vpinsrb", 128, [value, at(offset), offset / size]);
      offset += size;
    }
  return value;
}

/** The first bytes (fewer than 16) of a register, without writing others. */
function storeBytes(s: InstructionBuffer, value: VirtualRegister, bytes: number, at: At): void {
  let offset = 0;
  if (bytes >= 8) {
    s.emit("vmovlps.store", 128, [at(0), value]);
    offset = 8;
  }
  for (const size of [4, 2, 1] as const)
    if (bytes - offset >= size) {
      if (size === 4 && offset === 0) s.emit("vmovss.store", 128, [at(0), value]);
      else s.emit(size === 4 ? "vextractps" : size === 2 ? "vpextrw" : "vpextrb", 128, [at(offset), value, offset / size]);
      offset += size;
    }
}
