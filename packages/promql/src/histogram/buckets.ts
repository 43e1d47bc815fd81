import {
  CUSTOM_BUCKETS_SCHEMA,
  type HistogramBuckets,
  type NativeHistogram,
} from './native-histogram.ts'

/** One bucket with its bounds. */
export interface Bucket {
  readonly lower: number
  readonly upper: number
  readonly count: number
}

/** More buckets than this in one run mean absurd input; schema 8 over all doubles has 537,000. */
const BUCKETS_MAX = 1 << 20

/** The upper bound of an exponential bucket: base^index with base = 2^(2^-schema). */
export function exponentialBound(index: number, schema: number): number {
  if (schema <= 0) return cappedPower(index * 2 ** -schema)
  const perPower = 2 ** schema
  const whole = Math.floor(index / perPower)
  const fraction = index - whole * perPower
  if (fraction === 0) return cappedPower(whole)
  const bound = 2 ** (fraction / perPower) * 2 ** whole
  return bound === Infinity ? Number.MAX_VALUE : bound
}

// The bucket that ends at 2^1024 would end at infinity; it ends at the greatest double instead.
function cappedPower(exponent: number): number {
  return exponent === 1024 ? Number.MAX_VALUE : 2 ** exponent
}

export function usesCustomBuckets(histogram: NativeHistogram): boolean {
  return histogram.schema === CUSTOM_BUCKETS_SCHEMA
}

const NO_BOUNDS = new Float64Array(0)

/** The custom bounds of a histogram; none for exponential schemas. */
export function customBoundsOf(histogram: NativeHistogram): Float64Array {
  return histogram.customBounds ?? NO_BOUNDS
}

/** The upper bound of a positive bucket of any schema. */
export function upperBound(histogram: NativeHistogram, index: number): number {
  if (!usesCustomBuckets(histogram)) return exponentialBound(index, histogram.schema)
  return customBoundsOf(histogram)[index] ?? Infinity
}

/** The lower bound of a positive bucket of any schema. */
export function lowerBound(histogram: NativeHistogram, index: number): number {
  if (!usesCustomBuckets(histogram)) return exponentialBound(index - 1, histogram.schema)
  return index === 0 ? -Infinity : customBoundsOf(histogram)[index - 1]!
}

/** All buckets that hold something, from the lowest bound to the highest. */
export function bucketsOf(histogram: NativeHistogram): Bucket[] {
  const buckets: Bucket[] = []
  const { negative, positive } = histogram
  for (let i = negative.counts.length - 1; i >= 0; i--) {
    const count = negative.counts[i]!
    if (count === 0) continue
    const index = negative.offset + i
    buckets.push({
      lower: -upperBound(histogram, index),
      upper: -lowerBound(histogram, index),
      count,
    })
  }
  if (histogram.zeroCount !== 0) {
    const { zeroThreshold, zeroCount } = histogram
    buckets.push({ lower: -zeroThreshold, upper: zeroThreshold, count: zeroCount })
  }
  for (let i = 0; i < positive.counts.length; i++) {
    const count = positive.counts[i]!
    if (count === 0) continue
    const index = positive.offset + i
    buckets.push({
      lower: lowerBound(histogram, index),
      upper: upperBound(histogram, index),
      count,
    })
  }
  return buckets
}

/** The count of one bucket; 0 outside the run. */
export function countAt(buckets: HistogramBuckets, index: number): number {
  return buckets.counts[index - buckets.offset] ?? 0
}

/** A run of buckets without the empty ones at its ends. */
export function trimEmpty(buckets: HistogramBuckets): HistogramBuckets {
  const { counts, offset } = buckets
  let from = 0
  let to = counts.length
  while (from < to && counts[from] === 0) from++
  while (to > from && counts[to - 1] === 0) to--
  if (from === 0 && to === counts.length) return buckets
  return { offset: from === to ? 0 : offset + from, counts: counts.slice(from, to) }
}

/** The same buckets in a run that also covers [from, to). */
export function widen(buckets: HistogramBuckets, from: number, to: number): HistogramBuckets {
  const { counts, offset } = buckets
  if (counts.length === 0) return { offset: from, counts: new Float64Array(checkLength(to - from)) }
  const first = Math.min(from, offset)
  const last = Math.max(to, offset + counts.length)
  if (first === offset && last === offset + counts.length) return buckets
  const wider = new Float64Array(checkLength(last - first))
  wider.set(counts, offset - first)
  return { offset: first, counts: wider }
}

function checkLength(length: number): number {
  if (length <= BUCKETS_MAX) return length
  throw new RangeError(`cannot combine histograms over ${length} buckets; at most ${BUCKETS_MAX}`)
}

/** Where a bucket goes when pairs of buckets are merged `steps` times. */
export function mergedIndex(index: number, steps: number): number {
  return Math.ceil(index / 2 ** steps)
}
