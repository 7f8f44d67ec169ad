const words = new Uint32Array(1);
const floats = new Float32Array(words.buffer);

/** IEEE 754 binary16 bits to number (section 3.4); subnormals, infinities and NaN included. */
export function float16ToNumber(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Number to IEEE 754 binary16 bits, rounded to nearest even from its binary32 value. */
export function numberToFloat16(value: number): number {
  floats[0] = value;
  const bits = words[0];
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x33000001) return sign;
  const exponent = (magnitude >>> 23) - 127;
  if (exponent < -14) {
    const mantissa = (magnitude & 0x7fffff) | 0x800000;
    const shift = -exponent - 1;
    const half = mantissa >>> shift;
    const rest = mantissa & ((1 << shift) - 1);
    const middle = 1 << (shift - 1);
    return sign | (half + (rest > middle || (rest === middle && half & 1) ? 1 : 0));
  }
  const half = ((exponent + 15) << 10) | ((magnitude & 0x7fffff) >>> 13);
  const rest = magnitude & 0x1fff;
  return sign | (half + (rest > 0x1000 || (rest === 0x1000 && half & 1) ? 1 : 0));
}

/** Widens binary16 bits to a Float32Array. */
export function float16ToFloat32(source: Uint16Array, target: Float32Array = new Float32Array(source.length)): Float32Array {
  for (let i = 0; i < source.length; i++) target[i] = float16ToNumber(source[i]);
  return target;
}
