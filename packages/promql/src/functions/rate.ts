import {
  MIXED_BUCKETS,
  MIXED_FLOATS_HISTOGRAMS,
  NOT_COUNTER,
  NOT_GAUGE,
  noteCombination,
} from '../evaluate/annotations.ts'
import type { Window } from '../evaluate/window.ts'
import { quote } from '../go-format.ts'
import { usesCustomBuckets } from '../histogram/buckets.ts'
import { FloatHistogram, IncompatibleBucketsError } from '../histogram/float-histogram.ts'
import { type NativeHistogram, NO_BUCKETS } from '../histogram/native-histogram.ts'
import { isReset } from '../histogram/reset.ts'
import { extendedRate } from './extended-rate.ts'
import type { RangeCall, RangeFunction } from './range-function.ts'
import { isStartReset, overlaps } from './start-times.ts'

/** Which of rate, increase and delta. */
export interface RateKind {
  readonly isCounter: boolean
  readonly perSecond: boolean
}

export const rate: RangeFunction = (window, call) =>
  extrapolatedRate(window, call, { isCounter: true, perSecond: true })
export const increase: RangeFunction = (window, call) =>
  extrapolatedRate(window, call, { isCounter: true, perSecond: false })
export const delta: RangeFunction = (window, call) =>
  extrapolatedRate(window, call, { isCounter: false, perSecond: false })

/** The change over the samples, stretched to the whole range where samples go on near its ends. */
function extrapolatedRate(window: Window, call: RangeCall, kind: RateKind): number {
  const { floats, histogramCount } = window
  if (floats > 0 && histogramCount > 0) {
    call.annotations.warn(
      `${MIXED_FLOATS_HISTOGRAMS} metric name ${quote(window.labels.metricName)}`,
      call.span,
    )
    return call.result.none()
  }
  if (call.extended !== undefined) return extendedRate(window, call, kind)
  return histogramCount > 0 ? histogramRate(window, call, kind) : floatRate(window, call, kind)
}

function floatRate(window: Window, call: RangeCall, kind: RateKind): number {
  const { times, values, startTimes, from, to } = window
  const first = values[from]!
  let change = values[to - 1]! - first
  if (kind.isCounter) {
    change =
      startTimes.length > 0 ? withStartTimeResets(window, call, change) : withResets(window, change)
  }
  const firstMs = times[from]!
  const startMs = kind.isCounter && startTimes.length > 0 ? startTimes[from]! : 0
  const knownStart = startMs !== 0 && startMs > window.rangeStartMs && startMs < firstMs
  if (knownStart) change += first
  else if (to - from < 2) return call.result.none()
  const lastMs = times[to - 1]!
  const average = to - from > 1 ? (lastMs - firstMs) / 1000 / (to - from - 1) : 0
  const canReachZero = kind.isCounter && change > 0 && first >= 0
  const stretch = knownStart
    ? stretchOf(window, average, startMs, lastMs, 0)
    : stretchOf(window, average, firstMs, lastMs, canReachZero ? first / change : Infinity)
  // In Prometheus' order, so that a value on a threshold is on the same side of it to the last bit.
  return change * (stretch / (kind.perSecond ? call.rangeMs / 1000 : 1))
}

/** The change, and what was counted before each reset. */
function withResets(window: Window, change: number): number {
  const { values, from, to } = window
  const resets = window.resets()
  let whole = change
  for (let i = 0; i < resets.length; i++) {
    const at = resets[i]!
    if (at >= to) break
    if (at > from) whole += values[at - 1]!
  }
  return whole
}

function withStartTimeResets(window: Window, call: RangeCall, change: number): number {
  const { times, values, startTimes, from, to } = window
  let whole = change
  let noted = false
  for (let i = from + 1; i < to; i++) {
    if (!noted && overlaps(startTimes[i - 1]!, times[i - 1]!, startTimes[i]!)) {
      call.annotations.startTimeOverlap(window.labels.metricName, call.span)
      noted = true
    }
    const reset = isStartReset(startTimes[i - 1]!, times[i - 1]!, startTimes[i]!, times[i]!)
    if (reset || values[i]! < values[i - 1]!) whole += values[i - 1]!
  }
  return whole
}

/**
 * What to multiply the change between two instants with to cover the whole range: samples are taken
 * to go on to its ends, unless an end is further away than they are from each other on average
 * (seconds).
 *
 * `zeroAfter` is how long, in units of the interval between the instants, before the first of them a
 * counter was 0: it is not stretched to before that.
 */
function stretchOf(
  window: Window,
  average: number,
  firstMs: number,
  lastMs: number,
  zeroAfter: number,
): number {
  const interval = (lastMs - firstMs) / 1000
  if (interval === 0) return 1
  let start = (firstMs - window.rangeStartMs) / 1000
  let end = (window.rangeEndMs - lastMs) / 1000
  const threshold = average * 1.1
  if (start >= threshold) start = average / 2
  const toZero = interval * zeroAfter
  if (toZero < start) start = toZero
  if (end >= threshold) end = average / 2
  return (interval + start + end) / interval
}

function histogramRate(window: Window, call: RangeCall, kind: RateKind): number {
  const { histograms, histogramTimes, histogramStartTimes, histogramFrom, histogramTo } = window
  const first = histograms[histogramFrom]!
  const count = histogramTo - histogramFrom
  let change: FloatHistogram | undefined
  if (count > 1) {
    change = histogramChange(window, call, kind)
    if (change === undefined) return call.result.none()
  }
  const firstMs = histogramTimes[histogramFrom]!
  const startMs = kind.isCounter ? (histogramStartTimes[histogramFrom] ?? 0) : 0
  const knownStart = startMs !== 0 && startMs > window.rangeStartMs && startMs < firstMs
  if (knownStart) {
    if (change === undefined) change = new FloatHistogram(first)
    else if (!combine(window, call, change, first, 1)) return call.result.none()
  }
  if (change === undefined) return call.result.none()
  const lastMs = histogramTimes[histogramTo - 1]!
  const average = count > 1 ? (lastMs - firstMs) / 1000 / (count - 1) : 0
  const canReachZero = kind.isCounter && change.count > 0 && first.count >= 0
  const stretch = knownStart
    ? stretchOf(window, average, startMs, lastMs, 0)
    : stretchOf(
        window,
        average,
        firstMs,
        lastMs,
        canReachZero ? first.count / change.count : Infinity,
      )
  return call.result.give(change.multiply(stretch / (kind.perSecond ? call.rangeMs / 1000 : 1)))
}

/** The change from first to last, resets made good; undefined when the samples do not fit together. */
function histogramChange(
  window: Window,
  call: RangeCall,
  kind: RateKind,
): FloatHistogram | undefined {
  const samples = window.histograms.slice(window.histogramFrom, window.histogramTo)
  const name = quote(window.labels.metricName)
  const first = samples[0]!
  const last = samples.at(-1)!
  const { isCounter } = kind
  let base = first
  let custom = usesCustomBuckets(first)
  if (isCounter) {
    // The last sample is looked at first, as Prometheus does: one warning whatever the order.
    if (samples.some((sample) => sample.counterResetHint === 'gauge')) {
      call.annotations.warn(`${NOT_COUNTER} ${name}`, call.span)
    }
    const second = samples[1]!
    if (startedAnew(window, 1) || isReset(second, first)) {
      base = emptyHistogram(second)
      custom = usesCustomBuckets(second)
    }
  }
  const compared = isCounter ? samples.slice(1) : [last]
  if (compared.some((sample) => usesCustomBuckets(sample) !== custom)) {
    call.annotations.warn(`${MIXED_BUCKETS} ${name}`, call.span)
    return undefined
  }
  const schema = Math.min(base.schema, last.schema, ...compared.slice(0, -1).map((h) => h.schema))
  const change = new FloatHistogram(last).reduceTo(schema)
  if (!combine(window, call, change, base, -1)) return undefined
  if (isCounter) {
    let previous = base
    for (let i = 1; i < samples.length; i++) {
      noteOverlap(window, call, i)
      const current = samples[i]!
      if ((startedAnew(window, i) || isReset(current, previous)) && previous.count !== 0) {
        if (!combine(window, call, change, previous, 1)) return undefined
      }
      previous = current
    }
  } else if (first.counterResetHint !== 'gauge' || last.counterResetHint !== 'gauge') {
    call.annotations.warn(`${NOT_GAUGE} ${name}`, call.span)
  }
  change.counterResetHint = 'gauge'
  return change.compact()
}

function startedAnew(window: Window, index: number): boolean {
  const { histogramTimes: times, histogramStartTimes: starts } = window
  const at = window.histogramFrom + index
  if (starts.length <= at) return false
  return isStartReset(starts[at - 1]!, times[at - 1]!, starts[at]!, times[at]!)
}

function noteOverlap(window: Window, call: RangeCall, index: number): void {
  const { histogramTimes: times, histogramStartTimes: starts } = window
  const at = window.histogramFrom + index
  if (starts.length <= at || !overlaps(starts[at - 1]!, times[at - 1]!, starts[at]!)) return
  call.annotations.startTimeOverlap(window.labels.metricName, call.span)
}

function emptyHistogram(like: NativeHistogram): NativeHistogram {
  return {
    ...(like.customBounds === undefined ? {} : { customBounds: like.customBounds }),
    schema: like.schema,
    zeroThreshold: 0,
    zeroCount: 0,
    count: 0,
    sum: 0,
    positive: NO_BUCKETS,
    negative: NO_BUCKETS,
    counterResetHint: 'unknown',
  }
}

/** Adds or subtracts in place and notes what was met; false when the buckets do not fit. */
export function combine(
  window: Window,
  call: RangeCall,
  into: FloatHistogram,
  other: NativeHistogram,
  sign: 1 | -1,
): boolean {
  try {
    const outcome = sign === 1 ? into.add(other) : into.subtract(other)
    const operation = sign === 1 ? 'addition' : 'subtraction'
    // Contradicting hints are expected between the samples of a counter.
    noteCombination(call.annotations, { ...outcome, collision: false }, operation, call.span)
    return true
  } catch (error) {
    if (!(error instanceof IncompatibleBucketsError)) throw error
    call.annotations.warn(`${MIXED_BUCKETS} ${quote(window.labels.metricName)}`, call.span)
    return false
  }
}
