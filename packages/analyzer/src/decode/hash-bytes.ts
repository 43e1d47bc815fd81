/**
 * Mixes the bytes [start, end) into two independent 32-bit lanes: 64 bits that stand for what an SDK
 * sent. Start the lanes with random numbers, so that nobody can prepare two series that collide.
 */
export function hashBytes(view: DataView, start: number, end: number, lanes: Int32Array): void {
  let a = lanes[0]!
  let b = lanes[1]!
  let at = start
  // Four bytes a step: attributes are 50-200 bytes, and this loop is a tenth of the cost of a point.
  for (; at + 4 <= end; at += 4) {
    const word = view.getInt32(at, true)
    a = Math.imul(a ^ word, 0x9e3779b1)
    a = (a << 13) | (a >>> 19)
    b = Math.imul((b + word) | 0, 0x85ebca6b)
    b ^= b >>> 15
  }
  // The length goes in too: "ab" + "c" must differ from "a" + "bc".
  let tail = (end - start) << 8
  for (; at < end; at++) tail = Math.imul(tail ^ view.getUint8(at), 0x01000193)
  lanes[0] = mixWord(a, tail)
  lanes[1] = mixWord(b, ~tail)
}

/** Mixes one 32-bit number into a lane. */
export function mixWord(lane: number, word: number): number {
  let mixed = Math.imul(lane ^ word, 0xc2b2ae35)
  mixed ^= mixed >>> 16
  mixed = Math.imul(mixed, 0x27d4eb2f)
  return mixed ^ (mixed >>> 13)
}
