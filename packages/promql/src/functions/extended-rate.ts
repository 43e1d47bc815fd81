import { MIXED_BUCKETS, NOT_COUNTER, NOT_GAUGE, noteCombination } from '../evaluate/annotations.ts'
import type { Window } from '../evaluate/window.ts'
import { quote } from '../go-format.ts'
import { usesCustomBuckets } from '../histogram/buckets.ts'
import { FloatHistogram, IncompatibleBucketsError } from '../histogram/float-histogram.ts'
import type { NativeHistogram } from '../histogram/native-histogram.ts'
import { isReset } from '../histogram/reset.ts'
import { interpolate, interpolateHistograms } from './interpolate.ts'
import type { RangeCall } from './range-function.ts'

interface Kind {
  readonly isCounter: boolean
  readonly perSecond: boolean
}

/** The samples that an anchored or smoothed range begins and ends with. */
interface Ends {
  readonly first: number
  readonly last: number
}

/**
 * rate, increase and delta over an `anchored` or `smoothed` range: from the values at its very
 * bounds, the newest before them (anchored) or interpolated (smoothed), without extrapolation.
 */
export function extendedRate(window: Window, call: RangeCall, kind: Kind): number {
  return window.histogramCount > 0
    ? extendedHistogramRate(window, call, kind)
    : extendedFloatRate(window, call, kind)
}

/** First the newest sample at or before the range, last the oldest at or after its end. */
function findEnds(
  window: Window,
  times: ArrayLike<number>,
  from: number,
  to: number,
  smoothed: boolean,
): Ends | undefined {
  const { rangeStartMs, rangeEndMs } = window
  let first = from
  while (first < to - 1 && times[first]! <= rangeStartMs) first++
  first = Math.max(from, first - 1)
  let last = to - 1
  if (smoothed) {
    last = from
    while (last < to - 1 && times[last]! < rangeEndMs) last++
  }
  if (times[last]! <= rangeStartMs) return undefined
  if (smoothed && times[first]! > rangeEndMs) return undefined
  return { first, last }
}

function extendedFloatRate(window: Window, call: RangeCall, kind: Kind): number {
  const { times, values, from, to, rangeStartMs, rangeEndMs } = window
  const smoothed = call.extended === 'smoothed'
  const ends = findEnds(window, times, from, to, smoothed)
  if (ends === undefined) return call.result.none()
  let { first, last } = ends
  const left =
    smoothed && times[first]! < rangeStartMs
      ? interpolate(window, first, rangeStartMs, kind.isCounter)
      : values[first]!
  const right =
    smoothed && last > from && times[last]! > rangeEndMs
      ? interpolate(window, last - 1, rangeEndMs, kind.isCounter)
      : values[last]!
  let change = right - left
  if (kind.isCounter) {
    if (times[first]! <= rangeStartMs) first++
    if (times[last]! >= rangeEndMs) last--
    let previous = left
    for (let i = first; i <= last; i++) {
      if (values[i]! < previous) change += previous
      previous = values[i]!
    }
    if (right < previous) change += previous
  }
  return kind.perSecond ? change / (call.rangeMs / 1000) : change
}

function extendedHistogramRate(window: Window, call: RangeCall, kind: Kind): number {
  const { histogramTimes: times, histograms, rangeStartMs, rangeEndMs } = window
  const { annotations, span, result } = call
  const smoothed = call.extended === 'smoothed'
  const ends = findEnds(window, times, window.histogramFrom, window.histogramTo, smoothed)
  if (ends === undefined) return result.none()
  const name = quote(window.labels.metricName)
  const samples = histograms.slice(ends.first, ends.last + 1)
  if (!fitTogether(samples, call, kind, name)) return result.none()
  try {
    const at = (index: number, timeMs: number) =>
      interpolateHistograms(window, index, timeMs, kind.isCounter, annotations, span)
    const left =
      smoothed && times[ends.first]! < rangeStartMs
        ? at(ends.first, rangeStartMs)
        : new FloatHistogram(histograms[ends.first]!)
    const right =
      smoothed && ends.last > window.histogramFrom && times[ends.last]! > rangeEndMs
        ? at(ends.last - 1, rangeEndMs)
        : new FloatHistogram(histograms[ends.last]!)
    const bothGauges = left.counterResetHint === 'gauge' && right.counterResetHint === 'gauge'
    if (!kind.isCounter && !bothGauges) annotations.warn(`${NOT_GAUGE} ${name}`, span)
    const change = new FloatHistogram(right)
    noteMismatch(call, change.subtract(left), 'subtraction')
    if (kind.isCounter) addResets(window, call, ends, left, right, change)
    if (kind.perSecond) change.divide(call.rangeMs / 1000)
    change.counterResetHint = 'gauge'
    return result.give(change.compact())
  } catch (error) {
    if (!(error instanceof IncompatibleBucketsError)) throw error
    annotations.warn(`${MIXED_BUCKETS} ${name}`, span)
    return result.none()
  }
}

function fitTogether(
  samples: readonly NativeHistogram[],
  call: RangeCall,
  kind: Kind,
  name: string,
): boolean {
  const custom = usesCustomBuckets(samples[0]!)
  for (const sample of samples) {
    if (usesCustomBuckets(sample) !== custom) {
      call.annotations.warn(`${MIXED_BUCKETS} ${name}`, call.span)
      return false
    }
    if (kind.isCounter && sample.counterResetHint === 'gauge') {
      call.annotations.warn(`${NOT_COUNTER} ${name}`, call.span)
    }
  }
  return true
}

/** Adds what the counter lost at each reset between the two ends. */
function addResets(
  window: Window,
  call: RangeCall,
  ends: Ends,
  left: NativeHistogram,
  right: NativeHistogram,
  change: FloatHistogram,
): void {
  const { histograms, histogramTimes: times, rangeStartMs } = window
  let first = ends.first + 1
  let previous = left
  const next = histograms[first]
  if (
    call.extended === 'smoothed' &&
    times[ends.first]! < rangeStartMs &&
    next !== undefined &&
    isReset(next, histograms[ends.first]!)
  ) {
    // The left end was interpolated on the far side of a reset: that reset is in it already.
    previous = next
    first++
  }
  if (first > ends.last) return
  let correction: FloatHistogram | undefined
  const addReset = (lost: NativeHistogram) => {
    if (correction === undefined) correction = new FloatHistogram(lost)
    else noteMismatch(call, correction.add(lost), 'addition')
  }
  for (let i = first; i < ends.last; i++) {
    if (isReset(histograms[i]!, previous)) addReset(previous)
    previous = histograms[i]!
  }
  if (isReset(right, previous)) addReset(previous)
  if (correction !== undefined) noteMismatch(call, change.add(correction), 'addition')
}

function noteMismatch(
  call: RangeCall,
  outcome: { readonly reconciled: boolean },
  operation: 'addition' | 'subtraction',
): void {
  const { reconciled } = outcome
  noteCombination(call.annotations, { collision: false, reconciled }, operation, call.span)
}
