const scratch = new DataView(new ArrayBuffer(8))

/** Where the last read ended; a reader has one, as JavaScript functions return one number. */
export interface Cursor {
  at: number
}

/** Writes a whole number from -2^52 to 2^52, small magnitudes in few bytes; returns where it ends. */
export function writeZigzag(bytes: Uint8Array, at: number, value: number): number {
  return writeVarint(bytes, at, value < 0 ? -2 * value - 1 : 2 * value)
}

/** Writes a whole number from 0 to 2^53, seven bits a byte; returns where it ends. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value
  let to = at
  while (rest >= 0x80000000) {
    bytes[to++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  while (rest >= 0x80) {
    bytes[to++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[to++] = rest
  return to
}

export function readVarint(bytes: Uint8Array, cursor: Cursor): number {
  let byte = bytes[cursor.at++]!
  if (byte < 0x80) return byte
  let value = byte & 0x7f
  let scale = 128
  do {
    byte = bytes[cursor.at++]!
    value += (byte & 0x7f) * scale
    scale *= 128
  } while (byte >= 0x80)
  return value
}

export function readZigzag(bytes: Uint8Array, cursor: Cursor): number {
  const value = readVarint(bytes, cursor)
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

/** Writes the eight bytes of a double; returns where it ends. */
export function writeDouble(bytes: Uint8Array, at: number, value: number): number {
  scratch.setFloat64(0, value, true)
  for (let i = 0; i < 8; i++) bytes[at + i] = scratch.getUint8(i)
  return at + 8
}

export function readDouble(bytes: Uint8Array, cursor: Cursor): number {
  for (let i = 0; i < 8; i++) scratch.setUint8(i, bytes[cursor.at + i]!)
  cursor.at += 8
  return scratch.getFloat64(0, true)
}

/** The most bytes that `writeXor` writes. */
export const XOR_BYTES_MAX = 9

const xorFloat = new Float64Array(1)
const xorInts = new Int32Array(xorFloat.buffer)

/**
 * Writes a double as what its bits differ in from another's: a shape byte `base + (trailing << 3 | length - 1)`,
 * then the `length` bytes that differ, above `trailing` zero bytes. Nothing is written when no bit differs;
 * returns where it ends.
 */
export function writeXor(
  bytes: Uint8Array,
  at: number,
  base: number,
  before: number,
  value: number,
): number {
  xorFloat[0] = before
  const beforeLow = xorInts[0]!
  const beforeHigh = xorInts[1]!
  xorFloat[0] = value
  const low = xorInts[0]! ^ beforeLow
  const high = xorInts[1]! ^ beforeHigh
  if (low === 0 && high === 0) return at
  const trailing =
    low !== 0 ? (31 - Math.clz32(low & -low)) >> 3 : 4 + ((31 - Math.clz32(high & -high)) >> 3)
  const leading = high !== 0 ? Math.clz32(high) >> 3 : 4 + (Math.clz32(low) >> 3)
  const length = 8 - trailing - leading
  let to = at
  bytes[to++] = base + ((trailing << 3) | (length - 1))
  for (let i = trailing; i < trailing + length; i++) {
    bytes[to++] = i < 4 ? low >>> (i << 3) : high >>> ((i - 4) << 3)
  }
  return to
}

/** Reads what `writeXor` wrote; `shape` is its first byte less the base. */
export function readXor(bytes: Uint8Array, cursor: Cursor, shape: number, before: number): number {
  const trailing = shape >> 3
  const length = (shape & 7) + 1
  let low = 0
  let high = 0
  for (let i = trailing; i < trailing + length; i++) {
    const byte = bytes[cursor.at++]!
    if (i < 4) low |= byte << (i << 3)
    else high |= byte << ((i - 4) << 3)
  }
  xorFloat[0] = before
  xorInts[0] = xorInts[0]! ^ low
  xorInts[1] = xorInts[1]! ^ high
  return xorFloat[0]!
}
