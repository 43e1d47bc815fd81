import type { Random } from '../decode/random.ts'

/** Bytes at the edges of what formats here mean: signs of varints, tags of groups, lengths, ends of text. */
const EDGES = [
  0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x0b, 0x0c, 0x12, 0x1f, 0x8b, 0x28, 0x0d, 0x20, 0x22, 0x7b,
]
const LENGTH_MAX = 16_384

/** One of many small changes. */
type Change = (bytes: Buffer, random: Random, other: Buffer) => Buffer

const CHANGES: readonly Change[] = [
  // one bit, one byte, eight bytes
  (bytes, random) =>
    set(bytes, random.below(bytes.length), (byte) => byte ^ (1 << random.below(8))),
  (bytes, random) => set(bytes, random.below(bytes.length), () => random.below(256)),
  (bytes, random) => set(bytes, random.below(bytes.length), () => random.pick(EDGES)),
  (bytes, random) => set(bytes, random.below(bytes.length), (byte) => byte + random.below(17) - 8),
  (bytes, random) => {
    const at = random.below(bytes.length)
    bytes.fill(random.pick([0, 0xff, 0x7f, 0x80]), at, Math.min(at + 8, bytes.length))
    return bytes
  },
  // without a part, with a part twice, with a part of another
  (bytes, random) => {
    const [from, to] = part(bytes, random)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  },
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => {
    const [from, to] = part(bytes, random)
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)])
  },
  (bytes, random, other) => {
    const [from, to] = part(other, random)
    const at = random.below(bytes.length + 1)
    return Buffer.concat([bytes.subarray(0, at), other.subarray(from, to), bytes.subarray(at)])
  },
  (bytes, random, other) => {
    const [from, to] = part(other, random)
    other.copy(bytes, random.below(bytes.length), from, to)
    return bytes
  },
]

/** A copy with one to five small changes; parts may come from `other`. */
export function mutate(seed: Buffer, other: Buffer, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(seed)
  for (let left = 1 + random.below(5); left > 0; left--) {
    // All of it may be cut away, and the other may be empty as well.
    if (bytes.length === 0) bytes = Buffer.from(other.length === 0 ? [0] : other)
    bytes = random.pick(CHANGES)(bytes, random, other)
  }
  return bytes.subarray(0, LENGTH_MAX)
}

function set(bytes: Buffer, at: number, change: (byte: number) => number): Buffer {
  bytes[at] = change(bytes[at] ?? 0)
  return bytes
}

function part(bytes: Buffer, random: Random): readonly [from: number, to: number] {
  const from = random.below(bytes.length + 1)
  return [from, Math.min(bytes.length, from + 1 + random.below(64))]
}
