import {
  countAt,
  customBoundsOf,
  exponentialBound,
  mergedIndex,
  trimEmpty,
  usesCustomBuckets,
  widen,
} from './buckets.ts'
import type { CounterResetHint, HistogramBuckets, NativeHistogram } from './native-histogram.ts'

/** What adding or subtracting met on its way. */
export interface CombineOutcome {
  /** One operand says reset, the other not_reset. */
  readonly collision: boolean
  /** Different custom bounds were reduced to those in common. */
  readonly reconciled: boolean
}

/** Thrown by arithmetic between exponential and custom buckets. */
export class IncompatibleBucketsError extends Error {
  constructor() {
    super('cannot combine histograms with exponential and with custom buckets')
    this.name = 'IncompatibleBucketsError'
  }
}

/**
 * A native histogram that arithmetic changes in place. Each change replaces what it touches, so a
 * copy shares its buckets with the original until one of them changes.
 */
export class FloatHistogram implements NativeHistogram {
  schema: number
  zeroThreshold: number
  zeroCount: number
  count: number
  sum: number
  positive: HistogramBuckets
  negative: HistogramBuckets
  customBounds: Float64Array
  counterResetHint: CounterResetHint

  /** A copy of any native histogram. */
  constructor(from: NativeHistogram) {
    this.schema = from.schema
    this.zeroThreshold = from.zeroThreshold
    this.zeroCount = from.zeroCount
    this.count = from.count
    this.sum = from.sum
    this.positive = from.positive
    this.negative = from.negative
    this.customBounds = customBoundsOf(from)
    this.counterResetHint = from.counterResetHint
  }

  multiply(factor: number): this {
    return this.#scale((count) => count * factor, factor < 0)
  }

  divide(divisor: number): this {
    this.#scale((count) => count / divisor, divisor < 0)
    if (divisor === 0) {
      this.positive = { offset: 0, counts: new Float64Array(0) }
      this.negative = this.positive
    }
    return this
  }

  #scale(scaled: (count: number) => number, toGauge: boolean): this {
    this.zeroCount = scaled(this.zeroCount)
    this.count = scaled(this.count)
    this.sum = scaled(this.sum)
    this.positive = { offset: this.positive.offset, counts: this.positive.counts.map(scaled) }
    this.negative = { offset: this.negative.offset, counts: this.negative.counts.map(scaled) }
    if (toGauge) this.counterResetHint = 'gauge'
    return this
  }

  add(other: NativeHistogram): CombineOutcome {
    return this.#combine(other, 1)
  }

  subtract(other: NativeHistogram): CombineOutcome {
    return this.#combine(other, -1)
  }

  /** Drops empty buckets at the ends. */
  compact(): this {
    this.positive = trimEmpty(this.positive)
    this.negative = trimEmpty(this.negative)
    return this
  }

  /** Merges buckets until the schema is reached. */
  reduceTo(schema: number): this {
    if (schema >= this.schema || usesCustomBuckets(this)) return this
    const steps = this.schema - schema
    this.positive = mergeBuckets(this.positive, steps)
    this.negative = mergeBuckets(this.negative, steps)
    this.schema = schema
    return this
  }

  #combine(other: NativeHistogram, sign: 1 | -1): CombineOutcome {
    if (usesCustomBuckets(this) !== usesCustomBuckets(other)) throw new IncompatibleBucketsError()
    const collision = this.joinHint(other.counterResetHint)
    this.count += sign * other.count
    this.sum += sign * other.sum
    if (usesCustomBuckets(this)) return { collision, reconciled: this.#combineCustom(other, sign) }
    // Reconciling may change this one's zero count: it comes first.
    const zeroCount = reconcileZeroBuckets(this, other)
    this.zeroCount += sign * zeroCount
    const right = new FloatHistogram(other).reduceTo(this.schema)
    this.reduceTo(right.schema)
    this.positive = addBuckets(this, this.positive, right.positive, sign)
    this.negative = addBuckets(this, this.negative, right.negative, sign)
    return { collision, reconciled: false }
  }

  #combineCustom(other: NativeHistogram, sign: 1 | -1): boolean {
    const bounds = customBoundsOf(other)
    if (sameBounds(this.customBounds, bounds)) {
      this.positive = addBuckets(this, this.positive, other.positive, sign)
      return false
    }
    const common = this.customBounds.filter((bound) => bounds.includes(bound))
    this.positive = addBuckets(
      this,
      rebucket(this.positive, this.customBounds, common),
      rebucket(other.positive, bounds, common),
      sign,
    )
    this.customBounds = common
    return true
  }

  /** Takes another sample's hint into this one's; true when they contradict each other. */
  joinHint(other: CounterResetHint): boolean {
    const own = this.counterResetHint
    if (own === other || own === 'gauge' || own === 'unknown') {
      if (own === 'unknown' && other === 'gauge') this.counterResetHint = 'gauge'
      return false
    }
    this.counterResetHint = other === 'gauge' ? 'gauge' : 'unknown'
    return other !== 'gauge' && other !== 'unknown'
  }
}

export function sameBounds(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((bound, i) => bound === b[i])
}

/** Buckets with custom bounds counted again over fewer bounds; the last one ends at +Inf. */
export function rebucket(
  buckets: HistogramBuckets,
  from: Float64Array,
  to: Float64Array,
): HistogramBuckets {
  const counts = new Float64Array(to.length + 1)
  let target = 0
  buckets.counts.forEach((count, i) => {
    const bound = from[buckets.offset + i] ?? Infinity
    while (target < to.length && to[target]! < bound) target++
    counts[target]! += count
  })
  return { offset: 0, counts }
}

function mergeBuckets(buckets: HistogramBuckets, steps: number): HistogramBuckets {
  if (buckets.counts.length === 0) return buckets
  const first = mergedIndex(buckets.offset, steps)
  const last = mergedIndex(buckets.offset + buckets.counts.length - 1, steps)
  const counts = new Float64Array(last - first + 1)
  buckets.counts.forEach((count, i) => {
    counts[mergedIndex(buckets.offset + i, steps) - first]! += count
  })
  return { offset: first, counts }
}

/** The sum (or difference) of two runs; what of `right` lies in the zero bucket is counted there. */
function addBuckets(
  histogram: NativeHistogram,
  left: HistogramBuckets,
  right: HistogramBuckets,
  sign: 1 | -1,
): HistogramBuckets {
  let skip = 0
  if (!usesCustomBuckets(histogram)) {
    const { schema, zeroThreshold } = histogram
    while (
      skip < right.counts.length &&
      exponentialBound(right.offset + skip, schema) <= zeroThreshold
    ) {
      skip++
    }
  }
  if (skip === right.counts.length) return left
  const wider = widen(left, right.offset + skip, right.offset + right.counts.length)
  const counts = wider === left ? left.counts.slice() : wider.counts
  const shift = right.offset - wider.offset
  for (let i = skip; i < right.counts.length; i++) counts[i + shift]! += sign * right.counts[i]!
  return { offset: wider.offset, counts }
}

/** The zero bucket of a histogram widened to at least a threshold, and to whole populated buckets. */
export function widenedZeroBucket(
  histogram: NativeHistogram,
  atLeast: number,
): { count: number; threshold: number } {
  const { schema, positive, negative, zeroCount } = histogram
  let threshold = atLeast
  if (threshold === histogram.zeroThreshold) return { count: zeroCount, threshold }
  for (;;) {
    const up = takeIn(positive, schema, threshold)
    const down = takeIn(negative, schema, up.threshold)
    const count = zeroCount + up.count + down.count
    // A wider zero bucket on the negative side takes in more of the positive side.
    if (down.threshold === up.threshold) return { count, threshold: up.threshold }
    threshold = down.threshold
  }
}

/** What the buckets that reach into the zero bucket hold, and the threshold that takes them in whole. */
function takeIn(buckets: HistogramBuckets, schema: number, atLeast: number) {
  let count = 0
  for (let i = 0; i < buckets.counts.length; i++) {
    const index = buckets.offset + i
    if (exponentialBound(index - 1, schema) >= atLeast) break
    const own = buckets.counts[i]!
    count += own
    const upper = exponentialBound(index, schema)
    if (upper > atLeast) return { count, threshold: own === 0 ? atLeast : upper }
  }
  return { count, threshold: atLeast }
}

/** Gives both histograms one zero threshold, the left one in place; returns the right one's zero count. */
export function reconcileZeroBuckets(left: FloatHistogram, right: NativeHistogram): number {
  let { zeroCount, zeroThreshold } = right
  while (zeroThreshold !== left.zeroThreshold) {
    if (left.zeroThreshold > zeroThreshold) {
      const widened = widenedZeroBucket(right, left.zeroThreshold)
      zeroCount = widened.count
      zeroThreshold = widened.threshold
    }
    if (zeroThreshold > left.zeroThreshold) {
      const widened = widenedZeroBucket(left, zeroThreshold)
      left.zeroCount = widened.count
      left.zeroThreshold = widened.threshold
      left.positive = dropWithin(left, left.positive)
      left.negative = dropWithin(left, left.negative)
    }
  }
  return zeroCount
}

export function dropWithin(
  histogram: NativeHistogram,
  buckets: HistogramBuckets,
): HistogramBuckets {
  const { schema, zeroThreshold } = histogram
  let skip = 0
  while (
    skip < buckets.counts.length &&
    exponentialBound(buckets.offset + skip - 1, schema) < zeroThreshold
  ) {
    skip++
  }
  if (skip === 0) return trimEmpty(buckets)
  return trimEmpty({ offset: buckets.offset + skip, counts: buckets.counts.slice(skip) })
}

/** Whether two histograms hold the same, bucket by bucket; the hint does not count. */
export function equalHistograms(a: NativeHistogram, b: NativeHistogram): boolean {
  return (
    a.schema === b.schema &&
    Object.is(a.count, b.count) &&
    Object.is(a.sum, b.sum) &&
    a.zeroThreshold === b.zeroThreshold &&
    Object.is(a.zeroCount, b.zeroCount) &&
    (!usesCustomBuckets(a) || sameBounds(customBoundsOf(a), customBoundsOf(b))) &&
    equalBuckets(a.positive, b.positive) &&
    equalBuckets(a.negative, b.negative)
  )
}

function equalBuckets(a: HistogramBuckets, b: HistogramBuckets): boolean {
  const from = Math.min(a.offset, b.offset)
  const to = Math.max(a.offset + a.counts.length, b.offset + b.counts.length)
  for (let i = from; i < to; i++) if (countAt(a, i) !== countAt(b, i)) return false
  return true
}
