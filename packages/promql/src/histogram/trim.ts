import { type Bucket, lowerBound, upperBound, usesCustomBuckets } from './buckets.ts'
import { FloatHistogram } from './float-histogram.ts'
import type { HistogramBuckets, NativeHistogram } from './native-histogram.ts'

/** What is left of a bucket: its count, and where the observations left are taken to lie. */
interface Kept {
  readonly count: number
  readonly middle: number
}

interface Cut {
  readonly at: number
  /** Keep what is below the cut; else what is above. */
  readonly below: boolean
  readonly custom: boolean
}

const NOTHING: Kept = { count: 0, middle: 0 }

/**
 * The operators `</` and `>/`: drops the observations above (or below) a value, estimating the part
 * of a cut bucket as quantiles do.
 */
export function trimHistogram(
  histogram: NativeHistogram,
  at: number,
  below: boolean,
): FloatHistogram {
  const cut: Cut = { at, below, custom: usesCustomBuckets(histogram) }
  const trimmed = new FloatHistogram(histogram)
  const positive = trimSide(histogram, histogram.positive, 1, cut)
  const negative = trimSide(histogram, histogram.negative, -1, cut)
  const zero = trimZero(histogram, positive.populated, negative.populated, cut)
  if (!positive.changed && !negative.changed && zero.count === histogram.zeroCount) return trimmed
  trimmed.positive = positive.buckets
  trimmed.negative = negative.buckets
  trimmed.zeroCount = zero.count
  trimmed.count = positive.count + negative.count + zero.count
  trimmed.sum = positive.sum + negative.sum + zero.middle * zero.count
  return trimmed.compact()
}

function trimSide(histogram: NativeHistogram, buckets: HistogramBuckets, sign: 1 | -1, cut: Cut) {
  const counts = buckets.counts.slice()
  let count = 0
  let sum = 0
  let populated = false
  let changed = false
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue
    populated = true
    const lower = lowerBound(histogram, buckets.offset + i)
    const upper = upperBound(histogram, buckets.offset + i)
    const bucket =
      sign === 1
        ? { lower, upper, count: counts[i]! }
        : { lower: -upper, upper: -lower, count: counts[i]! }
    const kept = trimBucket(bucket, sign, cut)
    count += kept.count
    sum += kept.middle * kept.count
    if (kept.count !== counts[i]) changed = true
    counts[i] = kept.count
  }
  return { buckets: { offset: buckets.offset, counts }, count, sum, populated, changed }
}

function trimBucket(bucket: Bucket, sign: 1 | -1, cut: Cut): Kept {
  const { lower, upper, count } = bucket
  const { at, below } = cut
  if (below ? upper <= at : lower >= at) return { count, middle: middle(lower, upper, sign, cut) }
  if (below ? lower >= at : upper <= at) return NOTHING
  if (Number.isNaN(at)) return NOTHING
  if (lower === -Infinity || upper === Infinity) return trimOpenBucket(bucket, cut)
  const under = count * fractionBelow(bucket, at, cut.custom)
  return below
    ? { count: under, middle: middle(lower, at, sign, cut) }
    : { count: count - under, middle: middle(at, upper, sign, cut) }
}

/** A bucket without a bound on one side: what cannot be known is dropped, except as noted. */
function trimOpenBucket({ lower, upper, count }: Bucket, { at, below }: Cut): Kept {
  if (lower === -Infinity) {
    // With a positive upper bound the bucket is taken to begin at 0.
    if (below) {
      if (at > 0 && upper > 0 && upper !== Infinity) {
        return { count: (count * at) / upper, middle: at / 2 }
      }
      return upper <= 0 ? { count, middle: at } : NOTHING
    }
    if (at >= 0 && upper !== Infinity) {
      return { count: count * (1 - at / upper), middle: (at + upper) / 2 }
    }
    return NOTHING
  }
  return !below && at >= lower ? { count, middle: at } : NOTHING
}

function trimZero(
  histogram: NativeHistogram,
  hasPositive: boolean,
  hasNegative: boolean,
  { at, below }: Cut,
): Kept {
  const count = histogram.zeroCount
  if (!(count > 0)) return { count, middle: 0 }
  const lower = hasPositive && !hasNegative ? 0 : -histogram.zeroThreshold
  const upper = hasNegative && !hasPositive ? 0 : histogram.zeroThreshold
  if (at <= lower) return below ? NOTHING : { count, middle: (lower + upper) / 2 }
  if (at >= upper) return below ? { count, middle: (lower + upper) / 2 } : NOTHING
  return below
    ? { count: (count * (at - lower)) / (upper - lower), middle: (lower + at) / 2 }
    : { count: (count * (upper - at)) / (upper - lower), middle: (at + upper) / 2 }
}

/** The share of a bucket's width at or below a value: linear, or linear in the logarithm. */
export function fractionBelow({ lower, upper }: Bucket, value: number, linear: boolean): number {
  if (linear) return (value - lower) / (upper - lower)
  const logLower = Math.log2(Math.abs(lower))
  const logUpper = Math.log2(Math.abs(upper))
  const logValue = Math.log2(Math.abs(value))
  if (value > 0) return (logValue - logLower) / (logUpper - logLower)
  return 1 - (logValue - logUpper) / (logLower - logUpper)
}

function middle(lower: number, upper: number, sign: 1 | -1, cut: Cut): number {
  if (!Number.isFinite(lower)) {
    if (!Number.isFinite(upper)) return 0
    return upper > 0 ? upper / 2 : upper
  }
  if (!Number.isFinite(upper)) return lower
  if (cut.custom) return (lower + upper) / 2
  return sign * Math.sqrt(Math.abs(lower * upper))
}
