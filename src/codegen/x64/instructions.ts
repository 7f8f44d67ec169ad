/**
 * The instruction set as data: one row an instruction form. Adding one is a row here and a row in assembler.test.ts.
 * After the Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
 */
export interface Instruction {
  readonly mnemonic: string;
  /** `both`: VEX where registers and width allow it, EVEX otherwise. */
  readonly encoding: "legacy" | "vex" | "evex" | "both";
  /** Mandatory prefix (pp field): none, 66, F3, F2. */
  readonly prefix: 0 | 1 | 2 | 3;
  /** Opcode map: one byte, 0F, 0F38, 0F3A. */
  readonly map: 0 | 1 | 2 | 3;
  readonly opcode: number;
  readonly w: 0 | 1;
  /**
   * Where each operand goes, in order: R ModRM.reg, V VEX.vvvv, M ModRM.rm, O the opcode's low bits, L a register in
   * an immediate's high half, B an 8-bit immediate, D a 32-bit one, Q a 64-bit one.
   */
  readonly slots: string;
  /** What each register operand is: v of the vector width, h half of it (at least xmm), t a quarter (at least xmm), x xmm, k mask, q and d general. */
  readonly kinds: string;
  /** Bytes of the memory operand, which EVEX scales displacements by. `full` may be one broadcast element. */
  readonly memory: "none" | "full" | "vector" | "half" | "quarter" | "1" | "2" | "4" | "8" | "16" | "32";
  /** ModRM.reg where it belongs to the opcode. */
  readonly digit: number;
  readonly lock: boolean;
  /** The first operand is read as well as written. */
  readonly accumulates: boolean;
  /** Follows from `slots`: the positions of operands, -1 where there is none. */
  readonly at: { readonly reg: number; readonly vvvv: number; readonly rm: number; readonly low: number; readonly immediate: number };
  readonly immediateBytes: 0 | 1 | 4 | 8;
}

/** A row of the table; the rest follows from it. */
type Row = Omit<Instruction, "mnemonic" | "at" | "immediateBytes">;

const NP = 0;
const P66 = 1;
const PF3 = 2;
const PF2 = 3;

type Memory = Instruction["memory"];
type Prefix = Instruction["prefix"];
type Map = Instruction["map"];

const row =
  (encoding: Instruction["encoding"]) =>
  (prefix: Prefix, map: Map, opcode: number, w: 0 | 1, slots: string, kinds: string, memory: Memory = "full", digit = -1): Row => ({
    encoding,
    prefix,
    map,
    opcode,
    w,
    slots,
    kinds,
    memory,
    digit,
    lock: false,
    accumulates: false,
  });
const both = row("both");
const vex = row("vex");
const evex = row("evex");
const accumulating = (given: Row): Row => ({ ...given, accumulates: true });
const plain = (
  opcode: number,
  slots: string,
  kinds: string,
  { map = 0, w = 1, digit = -1, prefix = NP, lock = false }: { map?: Map; w?: 0 | 1; digit?: number; prefix?: Prefix; lock?: boolean } = {},
): Row => ({
  ...row("legacy")(prefix, map, opcode, w, slots, kinds, "none", digit),
  lock,
});

const table = {
  // Moves
  vmovups: both(NP, 1, 0x10, 0, "RM", "vv", "vector"),
  "vmovups.store": both(NP, 1, 0x11, 0, "MR", "vv", "vector"),
  vmovaps: both(NP, 1, 0x28, 0, "RM", "vv", "vector"),
  vmovss: both(PF3, 1, 0x10, 0, "RM", "xx", "4"),
  "vmovss.store": both(PF3, 1, 0x11, 0, "MR", "xx", "4"),
  vmovsd: both(PF2, 1, 0x10, 1, "RM", "xx", "8"),
  "vmovlps.store": both(NP, 1, 0x13, 0, "MR", "xx", "8"),
  // The mask is a vector that is used up (VEX), or a mask register (EVEX).
  vpgatherdd: accumulating(vex(P66, 2, 0x90, 0, "RMV", "vvv", "4")),
  "vpgatherdd.e": accumulating(evex(P66, 2, 0x90, 0, "RM", "vv", "4")),
  vmaskmovps: vex(P66, 2, 0x2c, 0, "RVM", "vvv"),
  vbroadcastss: both(P66, 2, 0x18, 0, "RM", "vx", "4"),
  vpbroadcastw: both(P66, 2, 0x79, 0, "RM", "vx", "2"),
  vpbroadcastb: both(P66, 2, 0x78, 0, "RM", "vx", "1"),
  vextractf128: vex(P66, 3, 0x19, 0, "MRB", "xv", "16"),
  vpextrb: both(P66, 3, 0x14, 0, "MRB", "dx", "1"),
  vpextrw: both(P66, 3, 0x15, 0, "MRB", "dx", "2"),
  vextractps: both(P66, 3, 0x17, 0, "MRB", "dx", "4"),
  vpinsrb: both(P66, 3, 0x20, 0, "RVMB", "xxd", "1"),
  vpinsrw: both(P66, 1, 0xc4, 0, "RVMB", "xxd", "2"),
  vpinsrd: both(P66, 3, 0x22, 0, "RVMB", "xxd", "4"),

  // Arithmetic, f32
  vaddps: both(NP, 1, 0x58, 0, "RVM", "vvv"),
  vsubps: both(NP, 1, 0x5c, 0, "RVM", "vvv"),
  vmulps: both(NP, 1, 0x59, 0, "RVM", "vvv"),
  vdivps: both(NP, 1, 0x5e, 0, "RVM", "vvv"),
  vminps: both(NP, 1, 0x5d, 0, "RVM", "vvv"),
  vmaxps: both(NP, 1, 0x5f, 0, "RVM", "vvv"),
  vsqrtps: both(NP, 1, 0x51, 0, "RM", "vv"),
  vroundps: vex(P66, 3, 0x08, 0, "RMB", "vv"),
  vrndscaleps: evex(P66, 3, 0x08, 0, "RMB", "vv"),
  vfmadd132ps: both(P66, 2, 0x98, 0, "RVM", "vvv"),
  vfmadd213ps: both(P66, 2, 0xa8, 0, "RVM", "vvv"),
  vfmadd231ps: both(P66, 2, 0xb8, 0, "RVM", "vvv"),

  // Arithmetic, i32
  vpaddd: both(P66, 1, 0xfe, 0, "RVM", "vvv"),
  vpsubd: both(P66, 1, 0xfa, 0, "RVM", "vvv"),
  vpmulld: both(P66, 2, 0x40, 0, "RVM", "vvv"),
  vpminsd: both(P66, 2, 0x39, 0, "RVM", "vvv"),
  vpmaxsd: both(P66, 2, 0x3d, 0, "RVM", "vvv"),
  vpabsd: both(P66, 2, 0x1e, 0, "RM", "vv"),
  vpslld: vex(P66, 1, 0x72, 0, "VMB", "vv", "full", 6),
  vpsrld: vex(P66, 1, 0x72, 0, "VMB", "vv", "full", 2),
  vpsrad: vex(P66, 1, 0x72, 0, "VMB", "vv", "full", 4),
  "vpslld.e": evex(P66, 1, 0x72, 0, "VMB", "vv", "full", 6),
  "vpsrld.e": evex(P66, 1, 0x72, 0, "VMB", "vv", "full", 2),
  "vpsrad.e": evex(P66, 1, 0x72, 0, "VMB", "vv", "full", 4),

  // Products of bytes, words and bf16
  vpmaddubsw: both(P66, 2, 0x04, 0, "RVM", "vvv", "vector"),
  vpmaddwd: both(P66, 1, 0xf5, 0, "RVM", "vvv", "vector"),
  vpdpbusd: accumulating(vex(P66, 2, 0x50, 0, "RVM", "vvv")),
  "vpdpbusd.e": accumulating(evex(P66, 2, 0x50, 0, "RVM", "vvv")),
  vdpbf16ps: accumulating(evex(PF3, 2, 0x52, 0, "RVM", "vvv")),

  // Bits
  vandps: both(NP, 1, 0x54, 0, "RVM", "vvv"),
  vorps: both(NP, 1, 0x56, 0, "RVM", "vvv"),
  vxorps: both(NP, 1, 0x57, 0, "RVM", "vvv"),

  // Comparison and choice
  vcmpps: vex(NP, 1, 0xc2, 0, "RVMB", "vvv"),
  "vcmpps.k": evex(NP, 1, 0xc2, 0, "RVMB", "kvv"),
  vpcmpeqd: vex(P66, 1, 0x76, 0, "RVM", "vvv"),
  vpcmpgtd: vex(P66, 1, 0x66, 0, "RVM", "vvv"),
  vpcmpd: evex(P66, 3, 0x1f, 0, "RVMB", "kvv"),
  vblendvps: vex(P66, 3, 0x4a, 0, "RVML", "vvvv"),
  vblendmps: evex(P66, 2, 0x65, 0, "RVM", "vvv"),
  kmovw: vex(NP, 1, 0x90, 0, "RM", "kk", "2"),
  "kmovw.store": vex(NP, 1, 0x91, 0, "MR", "kk", "2"),
  "kmovw.r": vex(NP, 1, 0x92, 0, "RM", "kd", "none"),
  kandw: vex(NP, 1, 0x41, 0, "RVM", "kkk", "none"),
  kandnw: vex(NP, 1, 0x42, 0, "RVM", "kkk", "none"),
  knotw: vex(NP, 1, 0x44, 0, "RM", "kk", "none"),
  korw: vex(NP, 1, 0x45, 0, "RVM", "kkk", "none"),
  kxorw: vex(NP, 1, 0x47, 0, "RVM", "kkk", "none"),
  vpmovm2d: evex(PF3, 2, 0x38, 0, "RM", "vk", "none"),
  vpmovd2m: evex(PF3, 2, 0x39, 0, "RM", "kv", "none"),

  // Conversion
  vcvtdq2ps: both(NP, 1, 0x5b, 0, "RM", "vv"),
  vcvttps2dq: both(PF3, 1, 0x5b, 0, "RM", "vv"),
  vcvtph2ps: both(P66, 2, 0x13, 0, "RM", "vh", "half"),
  vcvtps2ph: both(P66, 3, 0x1d, 0, "MRB", "hv", "half"),
  vpmovzxbd: both(P66, 2, 0x31, 0, "RM", "vt", "quarter"),
  vpmovsxbd: both(P66, 2, 0x21, 0, "RM", "vt", "quarter"),
  vpmovzxwd: both(P66, 2, 0x33, 0, "RM", "vh", "half"),
  vpmovsxwd: both(P66, 2, 0x23, 0, "RM", "vh", "half"),
  vpmovdw: evex(PF3, 2, 0x33, 0, "MR", "hv", "half"),
  vpmovsdw: evex(PF3, 2, 0x23, 0, "MR", "hv", "half"),
  vpmovusdw: evex(PF3, 2, 0x13, 0, "MR", "hv", "half"),
  vpmovsdb: evex(PF3, 2, 0x21, 0, "MR", "tv", "quarter"),
  vpmovusdb: evex(PF3, 2, 0x11, 0, "MR", "tv", "quarter"),
  vpackssdw: vex(P66, 1, 0x6b, 0, "RVM", "vvv", "vector"),
  vpackusdw: vex(P66, 2, 0x2b, 0, "RVM", "vvv", "vector"),
  vpacksswb: vex(P66, 1, 0x63, 0, "RVM", "vvv", "vector"),
  vpackuswb: vex(P66, 1, 0x67, 0, "RVM", "vvv", "vector"),
  vpmovdb: evex(PF3, 2, 0x31, 0, "MR", "tv", "quarter"),
  "vmovdqu8.store": evex(PF2, 1, 0x7f, 0, "MR", "vv", "vector"),
  "vmovdqu16.store": evex(PF2, 1, 0x7f, 1, "MR", "vv", "vector"),
  vpshufb: both(P66, 2, 0x00, 0, "RVM", "vvv", "vector"),

  // Shuffles
  vpermilps: both(P66, 3, 0x04, 0, "RMB", "vv"),
  vperm2f128: vex(P66, 3, 0x06, 0, "RVMB", "vvv", "vector"),
  vshuff32x4: evex(P66, 3, 0x23, 0, "RVMB", "vvv"),
  vunpcklps: both(NP, 1, 0x14, 0, "RVM", "vvv"),
  vunpckhps: both(NP, 1, 0x15, 0, "RVM", "vvv"),
  vunpcklpd: both(P66, 1, 0x14, 1, "RVM", "vvv", "vector"),
  vunpckhpd: both(P66, 1, 0x15, 1, "RVM", "vvv", "vector"),
  vpunpckldq: both(P66, 1, 0x62, 0, "RVM", "vvv"),
  vzeroupper: vex(NP, 1, 0x77, 0, "", "", "none"),

  // General registers
  mov: plain(0x8b, "RM", "qq"),
  "mov.store": plain(0x89, "MR", "qq"),
  "mov.imm": plain(0xc7, "MD", "q", { digit: 0 }),
  "mov.immD": plain(0xb8, "OD", "d", { w: 0 }),
  "mov.immQ": plain(0xb8, "OQ", "q"),
  lea: plain(0x8d, "RM", "qq"),
  "movzx.b": plain(0xb6, "RM", "qq", { map: 1 }),
  "movsx.b": plain(0xbe, "RM", "qq", { map: 1 }),
  "movzx.w": plain(0xb7, "RM", "qq", { map: 1 }),
  "movsx.w": plain(0xbf, "RM", "qq", { map: 1 }),
  movsxd: plain(0x63, "RM", "qd"),
  add: plain(0x03, "RM", "qq"),
  sub: plain(0x2b, "RM", "qq"),
  cmp: plain(0x3b, "RM", "qq"),
  and: plain(0x23, "RM", "qq"),
  xor: plain(0x33, "RM", "qq"),
  test: plain(0x85, "MR", "qq"),
  "add.mr": plain(0x01, "MR", "qq"),
  "add.b": plain(0x83, "MB", "q", { digit: 0 }),
  "sub.b": plain(0x83, "MB", "q", { digit: 5 }),
  "and.b": plain(0x83, "MB", "q", { digit: 4 }),
  "cmp.b": plain(0x83, "MB", "q", { digit: 7 }),
  "add.i": plain(0x81, "MD", "q", { digit: 0 }),
  "sub.i": plain(0x81, "MD", "q", { digit: 5 }),
  "and.i": plain(0x81, "MD", "q", { digit: 4 }),
  "cmp.i": plain(0x81, "MD", "q", { digit: 7 }),
  shl: plain(0xc1, "MB", "q", { digit: 4 }),
  shr: plain(0xc1, "MB", "q", { digit: 5 }),
  imul: plain(0xaf, "RM", "qq", { map: 1 }),
  "imul.i": plain(0x69, "RMD", "qq"),
  cmovl: plain(0x4c, "RM", "qq", { map: 1 }),
  cmovg: plain(0x4f, "RM", "qq", { map: 1 }),
  push: plain(0x50, "O", "q", { w: 0 }),
  pop: plain(0x58, "O", "q", { w: 0 }),
  ret: plain(0xc3, "", "", { w: 0 }),
  call: plain(0xff, "M", "q", { w: 0, digit: 2 }),
  "lock xadd": plain(0xc1, "MR", "qq", { map: 1, lock: true }),
  "lock cmpxchg": plain(0xb1, "MR", "qq", { map: 1, lock: true }),
  "lock inc": plain(0xff, "M", "q", { digit: 0, lock: true }),
  "lock dec": plain(0xff, "M", "q", { digit: 1, lock: true }),
  pause: plain(0x90, "", "", { w: 0, prefix: PF3 }),
  syscall: plain(0x05, "", "", { w: 0, map: 1 }),
  cpuid: plain(0xa2, "", "", { w: 0, map: 1 }),
  xgetbv: plain(0xd0, "", "", { w: 0, map: 1 }),
} as const satisfies Readonly<Record<string, Row>>;

export type InstructionName = keyof typeof table;

function complete(name: string, row: Row): Instruction {
  const at = {
    reg: row.slots.indexOf("R"),
    vvvv: row.slots.indexOf("V"),
    rm: row.slots.indexOf("M"),
    low: row.slots.indexOf("O"),
    immediate: row.slots.search(/[LBDQ]/),
  };
  const immediateBytes = at.immediate < 0 ? 0 : row.slots[at.immediate] === "D" ? 4 : row.slots[at.immediate] === "Q" ? 8 : 1;
  return { ...row, mnemonic: name.split(".")[0], at, immediateBytes };
}

/** By name; what follows a dot tells forms of one mnemonic apart. */
export const instructions: Readonly<Record<InstructionName, Instruction>> = Object.fromEntries(
  Object.entries(table).map(([name, row]) => [name, complete(name, row)]),
) as Record<InstructionName, Instruction>;
