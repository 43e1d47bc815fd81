import { formatG } from '../go-format.ts'
import { lowerBound, upperBound, usesCustomBuckets } from './buckets.ts'
import type { NativeHistogram } from './native-histogram.ts'

/** `{count:3, sum:4, (1,2]:3}`, as Prometheus prints a native histogram. */
export function formatHistogram(histogram: NativeHistogram): string {
  const parts = [`count:${formatG(histogram.count)}, sum:${formatG(histogram.sum)}`]
  for (const bucket of boundedBuckets(histogram)) {
    const open = bucket.lowerInclusive ? '[' : '('
    const close = bucket.upperInclusive ? ']' : ')'
    parts.push(
      `${open}${formatG(bucket.lower)},${formatG(bucket.upper)}${close}:${formatG(bucket.count)}`,
    )
  }
  return `{${parts.join(', ')}}`
}

/** A populated bucket, and which of its bounds belong to it. */
export interface BoundedBucket {
  readonly lower: number
  readonly upper: number
  readonly lowerInclusive: boolean
  readonly upperInclusive: boolean
  readonly count: number
}

/** The populated buckets, ascending: what the Prometheus API shows of a histogram. */
export function boundedBuckets(histogram: NativeHistogram): BoundedBucket[] {
  const { negative, positive, zeroCount, zeroThreshold } = histogram
  const buckets: BoundedBucket[] = []
  const side = (index: number, count: number, sign: 1 | -1) => {
    const lower = lowerBound(histogram, index)
    const upper = upperBound(histogram, index)
    buckets.push({
      lower: sign === 1 ? lower : -upper,
      upper: sign === 1 ? upper : -lower,
      lowerInclusive: sign === -1 || (lower === -Infinity && usesCustomBuckets(histogram)),
      upperInclusive: sign === 1,
      count,
    })
  }
  for (let i = negative.counts.length - 1; i >= 0; i--) {
    if (negative.counts[i] !== 0) side(negative.offset + i, negative.counts[i]!, -1)
  }
  if (zeroCount !== 0) {
    const lower = -zeroThreshold
    const inclusive = { lowerInclusive: true, upperInclusive: true }
    buckets.push({ lower, upper: zeroThreshold, ...inclusive, count: zeroCount })
  }
  for (let i = 0; i < positive.counts.length; i++) {
    if (positive.counts[i] !== 0) side(positive.offset + i, positive.counts[i]!, 1)
  }
  return buckets
}
