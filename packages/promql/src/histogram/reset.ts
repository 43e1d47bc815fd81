import { countAt, customBoundsOf, exponentialBound, usesCustomBuckets } from './buckets.ts'
import { FloatHistogram, rebucket, sameBounds, widenedZeroBucket } from './float-histogram.ts'
import type { HistogramBuckets, NativeHistogram } from './native-histogram.ts'

/** Whether a counter began anew between two samples: its hint says so, or something got smaller. */
export function isReset(current: NativeHistogram, previous: NativeHistogram): boolean {
  if (current.counterResetHint === 'reset') return true
  if (current.counterResetHint === 'not_reset') return false
  if (current.count < previous.count) return true
  if (usesCustomBuckets(current)) {
    if (!usesCustomBuckets(previous)) return true
    return customShrank(current, previous)
  }
  // A finer schema or a narrower zero bucket can only come from a new start.
  if (current.schema > previous.schema || current.zeroThreshold < previous.zeroThreshold)
    return true
  const zero = widenedZeroBucket(previous, current.zeroThreshold)
  if (zero.threshold !== current.zeroThreshold || current.zeroCount < zero.count) return true
  const before = new FloatHistogram(previous).reduceTo(current.schema)
  return (
    anyShrank(current, current.positive, before.positive) ||
    anyShrank(current, current.negative, before.negative)
  )
}

function customShrank(current: NativeHistogram, previous: NativeHistogram): boolean {
  const bounds = customBoundsOf(current)
  const boundsBefore = customBoundsOf(previous)
  if (sameBounds(bounds, boundsBefore))
    return anyShrank(current, current.positive, previous.positive)
  const common = bounds.filter((bound) => boundsBefore.includes(bound))
  return anyShrank(
    current,
    rebucket(current.positive, bounds, common),
    rebucket(previous.positive, boundsBefore, common),
  )
}

function anyShrank(
  current: NativeHistogram,
  now: HistogramBuckets,
  before: HistogramBuckets,
): boolean {
  const exponential = !usesCustomBuckets(current)
  for (let i = 0; i < before.counts.length; i++) {
    const index = before.offset + i
    // Buckets within the zero bucket were compared with it.
    if (exponential && exponentialBound(index, current.schema) <= current.zeroThreshold) continue
    if (countAt(now, index) < before.counts[i]!) return true
  }
  return false
}
