import type { LabelSet } from './label-set.ts'

// xxHash64, the hash by which Prometheus decides what limit_ratio keeps: the same series there and here.
// https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
const MASK = (1n << 64n) - 1n
const P1 = 0x9e3779b185ebca87n
const P2 = 0xc2b2ae3d27d4eb4fn
const P3 = 0x165667b19e3779f9n
const P4 = 0x85ebca77c2b2ae63n
const P5 = 0x27d4eb2f165667c5n

const encoder = new TextEncoder()

/** Where a label set lies in [0, 1): evenly spread, and always the same. */
export function hashOffset(labels: LabelSet): number {
  return Number(xxHash64(encodeLabels(labels))) / 2 ** 64
}

/** Each name and value behind its length, as Prometheus keeps label sets in memory. */
function encodeLabels(labels: LabelSet): Uint8Array {
  const bytes: number[] = []
  for (const pair of labels) {
    for (const text of pair) {
      const encoded = encoder.encode(text)
      if (encoded.length < 255) bytes.push(encoded.length)
      else bytes.push(255, encoded.length & 255, (encoded.length >> 8) & 255, encoded.length >> 16)
      bytes.push(...encoded)
    }
  }
  return Uint8Array.from(bytes)
}

function xxHash64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = bytes.length
  let at = 0
  let hash: bigint
  if (length >= 32) {
    const lanes = [(P1 + P2) & MASK, P2, 0n, -P1 & MASK]
    for (; at + 32 <= length; at += 32) {
      for (let i = 0; i < 4; i++) {
        lanes[i] = round(lanes[i]!, view.getBigUint64(at + 8 * i, true))
      }
    }
    const [a, b, c, d] = lanes as [bigint, bigint, bigint, bigint]
    hash = (rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n)) & MASK
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * P1 + P4) & MASK
  } else hash = P5
  hash = (hash + BigInt(length)) & MASK
  for (; at + 8 <= length; at += 8) {
    hash = (rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4) & MASK
  }
  if (at + 4 <= length) {
    const word = (BigInt(view.getUint32(at, true)) * P1) & MASK
    hash = (rotate(hash ^ word, 23n) * P2 + P3) & MASK
    at += 4
  }
  for (; at < length; at++) {
    hash = (rotate(hash ^ ((BigInt(bytes[at]!) * P5) & MASK), 11n) * P1) & MASK
  }
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK
  return hash ^ (hash >> 32n)
}

function round(lane: bigint, word: bigint): bigint {
  return (rotate((lane + word * P2) & MASK, 31n) * P1) & MASK
}

function rotate(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (64n - by))) & MASK
}
