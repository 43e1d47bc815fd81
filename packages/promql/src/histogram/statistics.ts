import type { Span } from '../errors.ts'
import { type Annotations, forMetric } from '../evaluate/annotations.ts'
import { KahanSum } from '../kahan.ts'
import { type Bucket, bucketsOf, usesCustomBuckets } from './buckets.ts'
import type { NativeHistogram } from './native-histogram.ts'
import { fractionBelow } from './trim.ts'

/** Where notes about NaN observations go. */
export interface NoteTo {
  readonly annotations: Annotations
  readonly metricName: string
  readonly span: Span
}

/** The variance, each observation taken to lie at the middle of its bucket. */
export function histogramVariance(histogram: NativeHistogram): number {
  const mean = histogram.sum / histogram.count
  const custom = usesCustomBuckets(histogram)
  const squares = new KahanSum()
  for (const { lower, upper, count } of bucketsOf(histogram)) {
    let middle: number
    if (custom) middle = (upper + lower) / 2
    else if (lower <= 0 && upper >= 0) middle = 0
    else middle = Math.sqrt(upper * lower) * (upper < 0 ? -1 : 1)
    const delta = middle - mean
    squares.add(count * delta * delta)
  }
  return (squares.sum + squares.compensation) / histogram.count
}

/** The quantile of a native histogram, interpolated within the bucket where its rank is reached. */
export function histogramQuantile(
  quantile: number,
  histogram: NativeHistogram,
  note: NoteTo,
): number {
  if (quantile < 0) return -Infinity
  if (quantile > 1) return Infinity
  if (histogram.count === 0 || Number.isNaN(quantile)) return Number.NaN
  const hasNaN = Number.isNaN(histogram.sum)
  const buckets = bucketsOf(histogram)
  // The upper half is counted from above: so neither half suffers from the rounding of the other.
  const upward = hasNaN || quantile < 0.5
  const ordered = upward ? buckets : buckets.reverse()
  let rank = (upward ? quantile : 1 - quantile) * histogram.count
  let count = 0
  let at = -1
  while (at + 1 < ordered.length) {
    at++
    count += ordered[at]!.count
    if (count >= rank) break
  }
  const found = at === -1 ? { lower: 0, upper: 0, count: 0 } : ordered[at]!
  const narrowed = narrowZeroBucket(histogram, found)
  const custom = usesCustomBuckets(histogram)
  if (custom && narrowed.lower === -Infinity) {
    if (narrowed.upper <= 0) return narrowed.upper
    narrowed.lower = 0
  } else if (custom && narrowed.upper === Infinity) return narrowed.lower
  if (Math.min(count, histogram.count) < rank) {
    if (!hasNaN) return narrowed.upper
    note.annotations.info(
      `input to histogram_quantile has NaN observations, result is NaN${forMetric(note.metricName)}`,
      note.span,
    )
    return Number.NaN
  }
  count = Math.min(count, histogram.count)
  rank = upward ? rank - (count - narrowed.count) : count - rank
  if (hasNaN) {
    for (let i = at + 1; i < ordered.length; i++) count += ordered[i]!.count
    if (count < histogram.count) {
      note.annotations.info(
        `input to histogram_quantile has NaN observations, result is skewed higher${forMetric(note.metricName)}`,
        note.span,
      )
    }
  }
  return withinBucket(narrowed, rank / narrowed.count, custom)
}

function withinBucket(bucket: Bucket, fraction: number, custom: boolean): number {
  const { lower, upper } = bucket
  if (custom || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction
  const logLower = Math.log2(Math.abs(lower))
  const logUpper = Math.log2(Math.abs(upper))
  if (lower > 0) return 2 ** (logLower + (logUpper - logLower) * fraction)
  return -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)))
}

/** The zero bucket reaches only to where the other observations say that they lie. */
function narrowZeroBucket(histogram: NativeHistogram, bucket: Bucket) {
  let { lower, upper } = bucket
  if (!usesCustomBuckets(histogram) && lower <= 0 && upper >= 0) {
    const negatives = histogram.negative.counts.length > 0
    const positives = histogram.positive.counts.length > 0
    if (positives && !negatives) lower = 0
    else if (negatives && !positives) upper = 0
  }
  return { lower, upper, count: bucket.count }
}

/** The share of the observations between two values. */
export function histogramFraction(
  lower: number,
  upper: number,
  histogram: NativeHistogram,
  note: NoteTo,
): number {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN
  if (lower >= upper) return 0
  const buckets = bucketsOf(histogram)
  let count = histogram.count
  if (Number.isNaN(histogram.sum)) {
    count = 0
    for (const bucket of buckets) count += bucket.count
    if (count < histogram.count) {
      note.annotations.info(
        `input to histogram_fraction has NaN observations, which are excluded from all fractions${forMetric(note.metricName)}`,
        note.span,
      )
    }
  }
  const below = (value: number) => Math.min(rankOf(histogram, buckets, value) ?? count, count)
  return (below(upper) - below(lower)) / histogram.count
}

/** How many observations lie below a value; undefined when all of them do. */
function rankOf(
  histogram: NativeHistogram,
  buckets: readonly Bucket[],
  value: number,
): number | undefined {
  const custom = usesCustomBuckets(histogram)
  let rank = 0
  for (const bucket of buckets) {
    const zero = bucket.lower <= 0 && bucket.upper >= 0
    const own = zero ? narrowBothSides(histogram, bucket) : bucket
    if (own.lower >= value) return rank
    if (own.upper > value) {
      if (custom || zero) {
        if (own.lower === -Infinity) return own.count
        return rank + own.count * fractionBelow(own, value, true)
      }
      return rank + own.count * fractionBelow(own, value, false)
    }
    rank += own.count
  }
  return undefined
}

// As narrowZeroBucket, but for custom buckets around zero too: they have no negative side.
function narrowBothSides(histogram: NativeHistogram, bucket: Bucket): Bucket {
  const negatives = histogram.negative.counts.length > 0
  const positives = histogram.positive.counts.length > 0
  if (positives && !negatives) return { ...bucket, lower: 0 }
  if (negatives && !positives) return { ...bucket, upper: 0 }
  return bucket
}
