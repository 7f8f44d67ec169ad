import { VintnerError } from "../../common/errors.ts";
import { type MemoryElement, memoryElementBytes } from "../../kernel/kernel.ts";
import type { Access, GatherStatement, LoadStatement, StoreStatement } from "../address-plan.ts";
import type { VectorWidth } from "./assembler.ts";
import { type InstructionBuffer, type Value, widthOf } from "./instruction-buffer.ts";
import type { InstructionName } from "./instructions.ts";
import type { Address, Constant, VirtualRegister } from "./machine.ts";

/** The memory at a number of bytes from the access. */
type At = (bytes: number) => Address;

/** What a load does, once it is known how many lanes there are and how many of them are read. */
interface Load {
  readonly target: VirtualRegister;
  readonly lanes: number;
  readonly count: number;
  /** One element goes to all lanes. */
  readonly one: boolean;
  readonly at: At;
}
interface Store {
  readonly value: VirtualRegister;
  readonly lanes: number;
  readonly count: number;
  readonly at: At;
  readonly saturate: boolean;
}

/** A load that is not folded into its user: whole, in part, or one element in every lane. */
export function selectLoad(
  s: InstructionBuffer,
  target: VirtualRegister,
  { element, target: { lanes }, count, broadcast }: LoadStatement,
  at: At,
): void {
  loads[element](s, { target, lanes, count: broadcast ? lanes : Math.min(count, lanes), one: broadcast || lanes === 1, at });
}

export function selectStore(
  s: InstructionBuffer,
  value: VirtualRegister,
  { element, value: { lanes }, count, saturate }: StoreStatement,
  at: At,
): void {
  stores[element](s, { value, lanes, count: Math.min(count, lanes), at, saturate });
}

/** Offsets are clamped before they are used, whatever they are. The instruction uses its mask up, and its target is none of its operands. */
export function selectGather(
  s: InstructionBuffer,
  target: VirtualRegister,
  { buffer, target: { lanes }, most }: GatherStatement,
  offsets: Value,
  { pointer, displacement }: Access,
): void {
  const width = widthOf(lanes);
  const notNegative = s.define("vpmaxsd", width, [s.inRegister(offsets, width), s.splat(0)]);
  const clamped = s.define("vpminsd", width, [notNegative, s.splat(most)]);
  const mask = s.register(width, s.avx512 ? "mask" : "vector");
  s.emit("move", width, [mask, s.avx512 ? laneMask(s, lanes) : vectorMask(s, width, lanes)]);
  s.emit("move", width, [target, s.splat(0)]);
  const scale = memoryElementBytes[buffer.element] as 1 | 2 | 4 | 8;
  s.emit("gather", width, [target, { kind: "address", pointer, displacement, broadcast: false, scale }, clamped, mask]);
}

// Loads

function loadWords(s: InstructionBuffer, { target, lanes, count, one, at }: Load): void {
  const width = widthOf(lanes);
  if (one && lanes > 1) s.emit("vbroadcastss", width, [target, at(0)]);
  else if (count === 1) s.emit("vmovss", 128, [target, at(0)]);
  else if (count === 2) s.emit("vmovsd", 128, [target, at(0)]);
  else if (count === 4 || count === 8 || count === 16) s.emit("vmovups", widthOf(count), [target, at(0)]);
  else if (s.avx512) s.emit("vmovups", width, [target, at(0)], { mask: laneMask(s, count), zero: true });
  else s.emit("vmaskmovps", width, [target, vectorMask(s, width, count), at(0)]);
}

/** By an instruction that widens elements of 8 or 16 bits. */
const loadNarrow =
  (name: InstructionName, bytes: 1 | 2) =>
  (s: InstructionBuffer, { target, lanes, count, one, at }: Load): void => {
    const width = widthOf(lanes);
    if (one) {
      const source = s.define(bytes === 1 ? "vpbroadcastb" : "vpbroadcastw", widthOf(Math.max(4, (lanes * bytes) / 4)), [at(0)]);
      s.emit(name, width, [target, source]);
    } else if (count === lanes && lanes >= 4) s.emit(name, width, [target, at(0)]);
    else if (s.avx512) s.emit(name, width, [target, at(0)], { mask: laneMask(s, count), zero: true });
    else s.emit(name, width, [target, loadBytes(s, count * bytes, at)]);
  };

function loadBfloat16(s: InstructionBuffer, load: Load): void {
  const words = s.register(widthOf(load.lanes));
  loadNarrow("vpmovzxwd", 2)(s, { ...load, target: words });
  s.emit(s.avx512 ? "vpslld.e" : "vpslld", widthOf(load.lanes), [load.target, words, 16]);
}

const loads: Readonly<Record<MemoryElement, (s: InstructionBuffer, load: Load) => void>> = {
  f32: loadWords,
  i32: loadWords,
  f16: loadNarrow("vcvtph2ps", 2),
  bf16: loadBfloat16,
  u8: loadNarrow("vpmovzxbd", 1),
  i8: loadNarrow("vpmovsxbd", 1),
  u16: loadNarrow("vpmovzxwd", 2),
  i16: loadNarrow("vpmovsxwd", 2),
  i64: refuse,
};

// Stores

function storeWords(s: InstructionBuffer, { value, lanes, count, at }: Store): void {
  const width = widthOf(lanes);
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
}

/** Packed elements of 8 or 16 bits at the start of a register. */
function storePacked(s: InstructionBuffer, packed: VirtualRegister, count: number, bytes: 1 | 2, at: At): void {
  const size = count * bytes;
  if (size === 32 || size === 16) s.emit("vmovups.store", size === 32 ? 256 : 128, [at(0), packed]);
  else if (s.avx512 && size !== 8 && size !== 4 && count !== 1)
    s.emit(bytes === 1 ? "vmovdqu8.store" : "vmovdqu16.store", count * bytes > 16 ? 256 : 128, [at(0), packed], {
      mask: laneMask(s, count),
    });
  else storeBytes(s, packed, size, at);
}

function storeFloat16(s: InstructionBuffer, { value, lanes, count, at }: Store): void {
  const width = widthOf(lanes);
  if (count === lanes && lanes >= 4) s.emit("vcvtps2ph", width, [at(0), value, 0]);
  else storePacked(s, s.define("vcvtps2ph", width, [value, 0]), count, 2, at);
}

/** The upper half, rounded to nearest even; a NaN stays one whatever its lower half. */
function storeBfloat16(s: InstructionBuffer, { value, lanes, count, at }: Store): void {
  const width = widthOf(lanes);
  const upper = (x: VirtualRegister): VirtualRegister => s.define(s.avx512 ? "vpsrld.e" : "vpsrld", width, [x, 16]);
  const odd = s.define("vandps", width, [upper(value), s.splat(1)]);
  const half = s.define("vpaddd", width, [odd, s.splat(0x7fff)]);
  const rounded = upper(s.define("vpaddd", width, [half, value]));
  const unordered = s.define(s.avx512 ? "vcmpps.k" : "vcmpps", width, [value, value, 3]);
  const nan = s.inRegister(s.splat(0x7fc0), width);
  const words = s.avx512
    ? s.define("vblendmps", width, [rounded, nan], { mask: unordered })
    : s.define("vblendvps", width, [rounded, nan, unordered]);
  storePacked(s, truncateWords(s, words, lanes), count, 2, at);
}

/** How lanes are clamped to an element: the instructions of AVX-512, whose unsigned ones take no negative numbers, and the packs of AVX2. */
interface Saturation {
  readonly isSigned: boolean;
  readonly evex: InstructionName;
  readonly packs: readonly InstructionName[];
}

const storeInteger =
  (bytes: 1 | 2, { isSigned, evex, packs }: Saturation) =>
  (s: InstructionBuffer, { value, lanes, count, at, saturate }: Store): void => {
    const width = widthOf(lanes);
    let packed: VirtualRegister;
    if (!saturate) packed = bytes === 1 ? truncateBytes(s, value, lanes) : truncateWords(s, value, lanes);
    else if (s.avx512) packed = s.define(evex, width, [isSigned ? value : s.define("vpmaxsd", width, [value, s.splat(0)])]);
    else {
      const upper = width === 256 ? s.define("vextractf128", 256, [value, 1]) : value;
      packed = s.define(packs[0], 128, [value, upper]);
      for (const name of packs.slice(1)) packed = s.define(name, 128, [packed, packed]);
    }
    storePacked(s, packed, count, bytes, at);
  };

function truncateBytes(s: InstructionBuffer, value: VirtualRegister, lanes: number): VirtualRegister {
  const width = widthOf(lanes);
  if (s.avx512) return s.define("vpmovdb", width, [value]);
  const low = s.define("vpshufb", width, [
    value,
    s.constant(Array.from({ length: width / 32 }, (_, i) => (i % 4 === 0 ? 0x0c080400 : -1))),
  ]);
  return width === 256 ? s.define("vpunpckldq", 128, [low, s.define("vextractf128", 256, [low, 1])]) : low;
}

function truncateWords(s: InstructionBuffer, value: VirtualRegister, lanes: number): VirtualRegister {
  const width = widthOf(lanes);
  if (s.avx512) return s.define("vpmovdw", width, [value]);
  const group = [0x05040100, 0x0d0c0908, -1, -1];
  const low = s.define("vpshufb", width, [value, s.constant(Array.from({ length: width / 32 }, (_, i) => group[i % 4]))]);
  return width === 256 ? s.define("vunpcklpd", 128, [low, s.define("vextractf128", 256, [low, 1])]) : low;
}

const stores: Readonly<Record<MemoryElement, (s: InstructionBuffer, store: Store) => void>> = {
  f32: storeWords,
  i32: storeWords,
  f16: storeFloat16,
  bf16: storeBfloat16,
  u8: storeInteger(1, { isSigned: false, evex: "vpmovusdb", packs: ["vpackssdw", "vpackuswb"] }),
  i8: storeInteger(1, { isSigned: true, evex: "vpmovsdb", packs: ["vpackssdw", "vpacksswb"] }),
  u16: storeInteger(2, { isSigned: false, evex: "vpmovusdw", packs: ["vpackusdw"] }),
  i16: storeInteger(2, { isSigned: true, evex: "vpmovsdw", packs: ["vpackssdw"] }),
  i64: refuse,
};

/** 64 bits fit no lane; the verifier lets no such kernel through. */
function refuse(): never {
  throw new VintnerError("INTERNAL", { what: "64-bit elements in a vector register" });
}

const laneMask = (s: InstructionBuffer, count: number): Constant => s.constant([2 ** count - 1], "mask");
const vectorMask = (s: InstructionBuffer, width: VectorWidth, count: number): Constant =>
  s.constant(Array.from({ length: width / 32 }, (_, i) => (i < count ? -1 : 0)));

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
