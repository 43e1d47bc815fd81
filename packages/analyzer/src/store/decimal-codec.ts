import type { Cursor } from './byte-codec.ts'

// A decimal fraction of few places (seconds with two decimals, a share in thousandths) is whole in its last place, and so is
// what it differs by from the one before:
//
//     base + (place << 2 | length - 1)   then the change, zigzag, in 1 to 4 bytes, low byte first

/** What a number is multiplied by to be whole, by place. */
const SCALES = [10, 100, 1000, 10_000, 100_000, 1_000_000] as const
const SCALE_MAX = SCALES.at(-1)!
/** How many codes `writeDecimal` uses from its base on. */
export const DECIMAL_CODES = SCALES.length * 4
/** Below this, whole numbers and their differences are exact. */
const WHOLE_MAX = 2 ** 50
const CHANGE_MAX = 2 ** 31

/**
 * Writes a number as what it differs by from another, where both have few decimal places and what is read again is the
 * same bit by bit; nothing is written otherwise. Returns where it ends.
 */
export function writeDecimal(
  bytes: Uint8Array,
  start: number,
  base: number,
  before: number,
  value: number,
): number {
  // Most that are no decimals are told here; of those that are, few lie so high that this does not tell.
  if (!isDecimal(value, SCALE_MAX) || !isDecimal(before, SCALE_MAX) || Object.is(value, -0)) {
    return start
  }
  let place = 0
  while (!isDecimal(value, SCALES[place]!) || !isDecimal(before, SCALES[place]!)) place++
  const scale = SCALES[place]!
  const change = Math.round(value * scale) - Math.round(before * scale)
  if (change >= CHANGE_MAX || change <= -CHANGE_MAX) return start
  let at = start + 1
  // As a whole number without a sign it takes all 32 bits.
  let rest = change < 0 ? -2 * change - 1 : 2 * change
  do {
    bytes[at++] = rest
    rest >>>= 8
  } while (rest > 0)
  bytes[start] = base + ((place << 2) | (at - start - 2))
  return at
}

/** Reads what `writeDecimal` wrote; `shape` is its first byte less the base. */
export function readDecimal(
  bytes: Uint8Array,
  cursor: Cursor,
  shape: number,
  before: number,
): number {
  const scale = SCALES[shape >> 2]!
  let zigzag = 0
  for (let shift = 0; shift <= (shape & 3) << 3; shift += 8) {
    zigzag |= bytes[cursor.at++]! << shift
  }
  // The sign is the lowest bit, so it is taken before the highest can be taken for one.
  const change = (zigzag & 1) === 0 ? zigzag >>> 1 : -(zigzag >>> 1) - 1
  return (Math.round(before * scale) + change) / scale
}

/** Whether a number is a whole one divided by this. */
function isDecimal(value: number, scale: number): boolean {
  const whole = Math.round(value * scale)
  return whole / scale === value && whole < WHOLE_MAX && whole > -WHOLE_MAX
}
