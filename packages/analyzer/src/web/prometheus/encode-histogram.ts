import { CUSTOM_BUCKETS_SCHEMA, type NativeHistogram } from '@chokepoint/promql'
import { formatSampleValue } from './format-number.ts'

/** `[boundary rule, lower, upper, count]`: 0 open left, 1 open right, 2 both open, 3 both closed. */
type EncodedBucket = readonly [rule: number, lower: string, upper: string, count: string]

/** A histogram sample as Prometheus' JSON has it: only buckets with observations, lowest first. */
export function encodeHistogram(histogram: NativeHistogram) {
  const buckets: EncodedBucket[] = [
    ...negativeBuckets(histogram),
    ...zeroBucket(histogram),
    ...positiveBuckets(histogram),
  ]
  return {
    count: formatSampleValue(histogram.count),
    sum: formatSampleValue(histogram.sum),
    ...(buckets.length > 0 ? { buckets } : {}),
  }
}

function negativeBuckets(histogram: NativeHistogram): EncodedBucket[] {
  const { offset, counts } = histogram.negative
  const buckets: EncodedBucket[] = []
  for (let i = counts.length - 1; i >= 0; i--) {
    const count = counts[i]!
    if (count === 0) continue
    const index = offset + i
    buckets.push(bucket(1, -upperBound(histogram, index), -upperBound(histogram, index - 1), count))
  }
  return buckets
}

function zeroBucket({ zeroThreshold, zeroCount }: NativeHistogram): EncodedBucket[] {
  // As Prometheus: a zero bucket that subtraction made negative or NaN is not shown.
  return zeroCount > 0 ? [bucket(3, -zeroThreshold, zeroThreshold, zeroCount)] : []
}

function positiveBuckets(histogram: NativeHistogram): EncodedBucket[] {
  const { offset, counts } = histogram.positive
  const custom = histogram.schema === CUSTOM_BUCKETS_SCHEMA
  const buckets: EncodedBucket[] = []
  for (const [i, count] of counts.entries()) {
    if (count === 0) continue
    const index = offset + i
    const lower = upperBound(histogram, index - 1)
    // The lowest custom bucket reaches down to -Inf and is closed there.
    const rule = custom && lower === -Infinity ? 3 : 0
    buckets.push(bucket(rule, lower, upperBound(histogram, index), count))
  }
  return buckets
}

function bucket(rule: number, lower: number, upper: number, count: number): EncodedBucket {
  return [rule, formatSampleValue(lower), formatSampleValue(upper), formatSampleValue(count)]
}

/** The upper bound of the bucket with this index. */
function upperBound({ schema, customBounds }: NativeHistogram, index: number): number {
  if (schema === CUSTOM_BUCKETS_SCHEMA) {
    if (index < 0) return -Infinity
    return customBounds?.[index] ?? Infinity
  }
  return 2 ** (index * 2 ** -schema)
}
