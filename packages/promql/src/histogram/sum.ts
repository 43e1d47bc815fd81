import { exponentialBound, trimEmpty, usesCustomBuckets, widen } from './buckets.ts'
import {
  dropWithin,
  FloatHistogram,
  IncompatibleBucketsError,
  rebucket,
  sameBounds,
  widenedZeroBucket,
} from './float-histogram.ts'
import type { HistogramBuckets, NativeHistogram } from './native-histogram.ts'

/** What many histograms add up to, and what was met on the way. */
export interface HistogramTotal {
  readonly histogram: FloatHistogram
  /** Some say reset, others not_reset. */
  readonly collision: boolean
  readonly reconciled: boolean
}

/** The sum of one or more histograms; throws {@link IncompatibleBucketsError}. */
export function sumHistograms(histograms: readonly NativeHistogram[]): HistogramTotal {
  const sum = new CompensatedSum(histograms[0]!)
  for (let i = 1; i < histograms.length; i++) sum.add(histograms[i]!)
  return { histogram: sum.total(), ...hintsOf(histograms), reconciled: sum.reconciled }
}

/**
 * The mean of one or more histograms: the sum divided by their number, or, from where the sum would
 * overflow, a running mean, as Prometheus computes it.
 */
export function averageHistograms(histograms: readonly NativeHistogram[]): HistogramTotal {
  const sum = new CompensatedSum(histograms[0]!)
  for (let i = 1; i < histograms.length; i++) {
    sum.add(histograms[i]!)
    if (sum.overflows()) return runningMean(histograms, i)
  }
  sum.divide(histograms.length)
  return { histogram: sum.total(), ...hintsOf(histograms), reconciled: sum.reconciled }
}

function runningMean(histograms: readonly NativeHistogram[], from: number): HistogramTotal {
  const mean = new CompensatedSum(histograms[0]!)
  for (let i = 1; i < from; i++) mean.add(histograms[i]!)
  mean.divide(from)
  for (let i = from; i < histograms.length; i++) {
    mean.multiply(i / (i + 1))
    mean.add(new FloatHistogram(histograms[i]!).divide(i + 1))
  }
  return { histogram: mean.total(), ...hintsOf(histograms), reconciled: mean.reconciled }
}

function hintsOf(histograms: readonly NativeHistogram[]): { collision: boolean } {
  const hints = new Set(histograms.map((histogram) => histogram.counterResetHint))
  return { collision: hints.has('reset') && hints.has('not_reset') }
}

/** A histogram and, in the same layout, what rounding took from each of its numbers. */
class CompensatedSum {
  readonly #sum: FloatHistogram
  readonly #lost: FloatHistogram
  reconciled = false

  constructor(first: NativeHistogram) {
    this.#sum = new FloatHistogram(first)
    this.#lost = new FloatHistogram(first)
    this.#lost.multiply(0)
    // 0 times infinity is not 0.
    this.#lost.count = 0
    this.#lost.sum = 0
    this.#lost.zeroCount = 0
    this.#lost.positive = emptyLike(first.positive)
    this.#lost.negative = emptyLike(first.negative)
  }

  add(other: NativeHistogram): void {
    const sum = this.#sum
    const lost = this.#lost
    if (usesCustomBuckets(sum) !== usesCustomBuckets(other)) throw new IncompatibleBucketsError()
    sum.joinHint(other.counterResetHint)
    addNumber(sum, lost, 'count', other.count)
    addNumber(sum, lost, 'sum', other.sum)
    if (usesCustomBuckets(sum)) {
      this.#addCustom(new FloatHistogram(other))
      return
    }
    addNumber(sum, lost, 'zeroCount', this.#reconcileZero(other))
    const right = new FloatHistogram(other).reduceTo(sum.schema)
    sum.reduceTo(right.schema)
    lost.reduceTo(right.schema)
    this.#addBuckets('positive', outsideZero(sum, right.positive))
    this.#addBuckets('negative', outsideZero(sum, right.negative))
  }

  multiply(factor: number): void {
    this.#sum.multiply(factor)
    this.#lost.multiply(factor)
  }

  divide(divisor: number): void {
    this.#sum.divide(divisor)
    this.#lost.divide(divisor)
  }

  overflows(): boolean {
    const { count, sum, zeroCount, positive, negative } = this.#sum
    return (
      [count, sum, zeroCount].some(isInfinite) ||
      positive.counts.some(isInfinite) ||
      negative.counts.some(isInfinite)
    )
  }

  /** The sum with what rounding took put back. */
  total(): FloatHistogram {
    const total = new FloatHistogram(this.#sum)
    const lost = this.#lost
    total.count += lost.count
    total.sum += lost.sum
    total.zeroCount += lost.zeroCount
    total.positive = plus(total.positive, lost.positive)
    total.negative = plus(total.negative, lost.negative)
    return total.compact()
  }

  #addCustom(other: FloatHistogram): void {
    const sum = this.#sum
    const own = sum.customBounds
    if (!sameBounds(own, other.customBounds)) {
      const common = own.filter((bound) => other.customBounds.includes(bound))
      other.positive = rebucket(other.positive, other.customBounds, common)
      sum.positive = rebucket(sum.positive, own, common)
      this.#lost.positive = rebucket(this.#lost.positive, own, common)
      sum.customBounds = common
      this.#lost.customBounds = common
      this.reconciled = true
    }
    this.#addBuckets('positive', other.positive)
  }

  /** Widens the narrower zero bucket until both are the same; returns the other one's count. */
  #reconcileZero(other: NativeHistogram): number {
    const sum = this.#sum
    const lost = this.#lost
    let count = other.zeroCount
    let threshold = other.zeroThreshold
    while (threshold !== sum.zeroThreshold) {
      if (sum.zeroThreshold > threshold) {
        const widened = widenedZeroBucket(other, sum.zeroThreshold)
        count = widened.count
        threshold = widened.threshold
      }
      if (threshold > sum.zeroThreshold) {
        const widened = widenedZeroBucket(sum, threshold)
        const before = totalOf(lost)
        sum.zeroCount = widened.count
        sum.zeroThreshold = widened.threshold
        lost.zeroThreshold = widened.threshold
        sum.positive = dropWithin(sum, sum.positive)
        sum.negative = dropWithin(sum, sum.negative)
        lost.positive = dropWithin(lost, lost.positive)
        lost.negative = dropWithin(lost, lost.negative)
        // What rounding took from the buckets taken in belongs to the zero bucket now.
        lost.zeroCount += before - totalOf(lost)
      }
    }
    return count
  }

  #addBuckets(side: 'positive' | 'negative', right: HistogramBuckets): void {
    if (right.counts.length === 0) return
    const from = right.offset
    const to = right.offset + right.counts.length
    const sum = ownRun(this.#sum[side], from, to)
    const lost = ownRun(this.#lost[side], sum.offset, sum.offset + sum.counts.length)
    const shift = from - sum.offset
    const lostShift = from - lost.offset
    for (let i = 0; i < right.counts.length; i++) {
      const value = right.counts[i]!
      const before = sum.counts[i + shift]!
      const after = before + value
      sum.counts[i + shift] = after
      if (isInfinite(after)) lost.counts[i + lostShift] = 0
      else if (Math.abs(before) >= Math.abs(value)) {
        lost.counts[i + lostShift]! += before - after + value
      } else lost.counts[i + lostShift]! += value - after + before
    }
    this.#sum[side] = sum
    this.#lost[side] = lost
  }
}

function addNumber(
  sum: FloatHistogram,
  lost: FloatHistogram,
  field: 'count' | 'sum' | 'zeroCount',
  value: number,
): void {
  const before = sum[field]
  const after = before + value
  sum[field] = after
  if (isInfinite(after)) lost[field] = 0
  else if (Math.abs(before) >= Math.abs(value)) lost[field] += before - after + value
  else lost[field] += value - after + before
}

/** A run over at least [from, to) that may be written to. */
function ownRun(buckets: HistogramBuckets, from: number, to: number): HistogramBuckets {
  const wider = widen(buckets, from, to)
  return wider === buckets ? { offset: buckets.offset, counts: buckets.counts.slice() } : wider
}

function outsideZero(sum: FloatHistogram, buckets: HistogramBuckets): HistogramBuckets {
  let skip = 0
  while (
    skip < buckets.counts.length &&
    exponentialBound(buckets.offset + skip, sum.schema) <= sum.zeroThreshold
  ) {
    skip++
  }
  if (skip === 0) return buckets
  return { offset: buckets.offset + skip, counts: buckets.counts.subarray(skip) }
}

function emptyLike(buckets: HistogramBuckets): HistogramBuckets {
  return { offset: buckets.offset, counts: new Float64Array(buckets.counts.length) }
}

function plus(left: HistogramBuckets, right: HistogramBuckets): HistogramBuckets {
  const trimmed = trimEmpty(right)
  if (trimmed.counts.length === 0) return left
  const sum = ownRun(left, trimmed.offset, trimmed.offset + trimmed.counts.length)
  const shift = trimmed.offset - sum.offset
  for (let i = 0; i < trimmed.counts.length; i++) sum.counts[i + shift]! += trimmed.counts[i]!
  return sum
}

function totalOf(histogram: FloatHistogram): number {
  let total = 0
  for (const count of histogram.positive.counts) total += count
  for (const count of histogram.negative.counts) total += count
  return total
}

function isInfinite(value: number): boolean {
  return value === Infinity || value === -Infinity
}
