import { malformedBody, WireReader } from './wire-reader.ts'

/** One range of exponential buckets: `counts[i]` is the bucket with index `offset + i`. */
export interface ExponentialBuckets {
  readonly offset: number
  readonly counts: readonly number[]
}

/** The values of an `ExponentialHistogramDataPoint`; its times, flags and attributes are in the batch. */
export interface ExponentialPoint {
  readonly scale: number
  readonly count: number
  readonly sum: number
  readonly zeroCount: number
  readonly zeroThreshold: number
  readonly positive: ExponentialBuckets
  readonly negative: ExponentialBuckets
}

const NO_BUCKETS: ExponentialBuckets = { offset: 0, counts: [] }

// ExponentialHistogramDataPoint: 4 count  5 sum  6 scale  7 zero_count  8 positive  9 negative  14 zero_threshold

/** Reads the values of an exponential histogram point in [start, end). */
export function readExponentialPoint(
  bytes: Uint8Array,
  start: number,
  end: number,
): ExponentialPoint {
  const reader = new WireReader(bytes, start, end)
  let count = 0
  let sum = 0
  let scale = 0
  let zeroCount = 0
  let zeroThreshold = 0
  let positive = NO_BUCKETS
  let negative = NO_BUCKETS
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x21) count = reader.fixed64()
    else if (tag === 0x29) sum = reader.double()
    else if (tag === 0x30) scale = reader.zigzag()
    else if (tag === 0x39) zeroCount = reader.fixed64()
    else if (tag === 0x42) positive = readBuckets(reader.message())
    else if (tag === 0x4a) negative = readBuckets(reader.message())
    else if (tag === 0x71) zeroThreshold = reader.double()
    else reader.skip(tag)
  }
  return { scale, count, sum, zeroCount, zeroThreshold, positive, negative }
}

// Buckets: 1 offset (sint32)  2 bucket_counts (uint64, packed or not)
function readBuckets(reader: WireReader): ExponentialBuckets {
  let offset = 0
  const counts: number[] = []
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x08) offset = reader.zigzag()
    else if (tag === 0x10) counts.push(reader.varint())
    else if (tag === 0x12) {
      const packed = reader.message()
      while (packed.at < packed.end) counts.push(packed.varint())
    } else reader.skip(tag)
  }
  if (!Number.isSafeInteger(offset)) throw malformedBody('a bucket offset', reader.at)
  return { offset, counts }
}
