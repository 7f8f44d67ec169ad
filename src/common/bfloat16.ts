const words = new Uint32Array(1);
const floats = new Float32Array(words.buffer);

/** bfloat16 bits (the upper half of a binary32) to number. */
export function bfloat16ToNumber(bits: number): number {
  words[0] = bits << 16;
  return floats[0];
}

/** Number to bfloat16 bits, rounded to nearest even from its binary32 value. */
export function numberToBfloat16(value: number): number {
  floats[0] = value;
  return Number.isNaN(value) ? 0x7fc0 : (words[0] + 0x7fff + ((words[0] >>> 16) & 1)) >>> 16;
}
