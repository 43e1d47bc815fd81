import type { ExponentialBuckets, ExponentialPoint } from '../decode/exponential-point.ts'
import { COUNT_MAX } from '../decode/point-batch.ts'
import type { MadeLayout, Row, RowLayout } from './row-layout.ts'

/** The finest schema that Prometheus has. */
const SCHEMA_MAX = 8
/** The coarsest one. */
export const SCHEMA_MIN = -4
/** What OTLP's data model asks implementations for at most. */
const SCALE_MAX = 20
/** Totals of differences are made coarser above this, as SDKs do. */
const BUCKETS_MAX = 320

/** The row that keeps an exponential histogram, and what its columns are. */
export function toExponentialRow(point: ExponentialPoint): { layout: RowLayout; row: Row } {
  const { scale, positive, negative, zeroCount, zeroThreshold, count, sum } =
    point.scale > SCHEMA_MAX ? downscale(point, point.scale - SCHEMA_MAX) : point
  const layout: RowLayout = {
    kind: 'exponential',
    scale,
    zeroThreshold,
    positiveOffset: positive.offset,
    positiveLength: positive.counts.length,
    negativeOffset: negative.offset,
    negativeLength: negative.counts.length,
    width: 1 + positive.counts.length + negative.counts.length,
  }
  const counts = Float64Array.from([zeroCount, ...positive.counts, ...negative.counts])
  return { layout, row: { counts, at: 0, sum, count, hasSum: true } }
}

/** True when the columns of rows with these layouts are the same. */
export function sameLayout(a: RowLayout, b: RowLayout): boolean {
  if (a.kind === 'explicit' || b.kind === 'explicit') {
    return a.kind === 'explicit' && b.kind === 'explicit' && a.bounds === b.bounds
  }
  return (
    a.scale === b.scale &&
    a.zeroThreshold === b.zeroThreshold &&
    a.positiveOffset === b.positiveOffset &&
    a.positiveLength === b.positiveLength &&
    a.negativeOffset === b.negativeOffset &&
    a.negativeLength === b.negativeLength &&
    sameMade(a.made, b.made)
  )
}

function sameMade(a: MadeLayout | undefined, b: MadeLayout | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  if (a.gauge !== b.gauge || a.customBounds?.length !== b.customBounds?.length) return false
  return a.customBounds?.every((bound, i) => bound === b.customBounds?.[i]) ?? true
}

/**
 * The two histograms as one: over the range of both, at the coarser scale or at a coarser one yet, so that the
 * buckets stay within a bound. Undefined when no scale is coarse enough.
 */
export function mergeExponential(
  a: ExponentialPoint,
  b: ExponentialPoint,
): ExponentialPoint | undefined {
  for (let scale = Math.min(a.scale, b.scale); scale >= SCHEMA_MIN; scale--) {
    const zeroThreshold = Math.max(a.zeroThreshold, b.zeroThreshold)
    const left = widenZero(downscale(a, a.scale - scale), zeroThreshold)
    const right = widenZero(downscale(b, b.scale - scale), zeroThreshold)
    const widest = Math.max(
      rangeOf(left.positive, right.positive),
      rangeOf(left.negative, right.negative),
    )
    if (widest > BUCKETS_MAX) continue
    return {
      scale,
      count: a.count + b.count,
      sum: a.sum + b.sum,
      zeroCount: left.zeroCount + right.zeroCount,
      zeroThreshold,
      positive: mergeBuckets(left.positive, right.positive),
      negative: mergeBuckets(left.negative, right.negative),
    }
  }
  return undefined
}

/** The same histogram with the buckets that end at or below a threshold counted as zero. */
function widenZero(point: ExponentialPoint, zeroThreshold: number): ExponentialPoint {
  if (zeroThreshold <= point.zeroThreshold) return point
  // Bucket i ends at 2^((i + 1) / 2^scale); a quarter of a bucket forgives what log2 rounds.
  const first = Math.floor(Math.log2(zeroThreshold) * 2 ** point.scale + 0.25)
  const [positive, belowZero] = cutBelow(point.positive, first)
  const [negative, aboveZero] = cutBelow(point.negative, first)
  return { ...point, positive, negative, zeroCount: point.zeroCount + belowZero + aboveZero }
}

/** The buckets from an index on, and what the others counted. */
function cutBelow(
  { offset, counts }: ExponentialBuckets,
  first: number,
): readonly [ExponentialBuckets, cut: number] {
  const length = Math.min(Math.max(0, first - offset), counts.length)
  const cut = counts.slice(0, length).reduce((sum, count) => sum + count, 0)
  return [{ offset: offset + length, counts: counts.slice(length) }, cut]
}

/** How many buckets the two ranges span together. */
function rangeOf(a: ExponentialBuckets, b: ExponentialBuckets): number {
  if (a.counts.length === 0) return b.counts.length
  if (b.counts.length === 0) return a.counts.length
  const end = Math.max(a.offset + a.counts.length, b.offset + b.counts.length)
  return end - Math.min(a.offset, b.offset)
}

/** Why a point cannot be kept; empty when it can. */
export function exponentialFault(point: ExponentialPoint, bucketsMax: number): string {
  const { positive, negative, zeroCount, scale } = point
  const buckets = positive.counts.length + negative.counts.length
  if (buckets > bucketsMax) {
    return `an exponential histogram has ${buckets} buckets, more than ${bucketsMax}`
  }
  if (scale > SCALE_MAX)
    return `an exponential histogram has scale ${scale}, more than ${SCALE_MAX}`
  const largest = Math.max(zeroCount, ...positive.counts, ...negative.counts)
  if (largest > COUNT_MAX) return `an exponential histogram has a bucket count of ${largest}`
  return ''
}

/** The same histogram with 2^levels neighbours in each bucket. */
function downscale(point: ExponentialPoint, levels: number): ExponentialPoint {
  if (levels <= 0) return point
  return {
    ...point,
    scale: point.scale - levels,
    positive: downscaleBuckets(point.positive, levels),
    negative: downscaleBuckets(point.negative, levels),
  }
}

function downscaleBuckets(
  { offset, counts }: ExponentialBuckets,
  levels: number,
): ExponentialBuckets {
  if (counts.length === 0) return { offset: 0, counts }
  const size = 2 ** levels
  const first = Math.floor(offset / size)
  const last = Math.floor((offset + counts.length - 1) / size)
  const merged = new Array<number>(last - first + 1).fill(0)
  counts.forEach((count, i) => {
    merged[Math.floor((offset + i) / size) - first]! += count
  })
  return { offset: first, counts: merged }
}

function mergeBuckets(a: ExponentialBuckets, b: ExponentialBuckets): ExponentialBuckets {
  if (a.counts.length === 0) return b
  if (b.counts.length === 0) return a
  const offset = Math.min(a.offset, b.offset)
  const end = Math.max(a.offset + a.counts.length, b.offset + b.counts.length)
  const counts = new Array<number>(end - offset).fill(0)
  a.counts.forEach((count, i) => {
    counts[a.offset - offset + i]! += count
  })
  b.counts.forEach((count, i) => {
    counts[b.offset - offset + i]! += count
  })
  return { offset, counts }
}
