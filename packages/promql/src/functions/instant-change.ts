import {
  MIXED_BUCKETS,
  MIXED_FLOATS_HISTOGRAMS,
  NOT_COUNTER,
  NOT_GAUGE,
  noteCombination,
} from '../evaluate/annotations.ts'
import type { Window } from '../evaluate/window.ts'
import { quote } from '../go-format.ts'
import { FloatHistogram, IncompatibleBucketsError } from '../histogram/float-histogram.ts'
import type { NativeHistogram } from '../histogram/native-histogram.ts'
import { isReset } from '../histogram/reset.ts'
import type { RangeCall, RangeFunction } from './range-function.ts'
import { isStartReset } from './start-times.ts'

interface Sample {
  readonly timeMs: number
  readonly startMs: number
  readonly value: number
  readonly histogram: NativeHistogram | undefined
}

export const irate: RangeFunction = (window, call) => instantChange(window, call, true)
export const idelta: RangeFunction = (window, call) => instantChange(window, call, false)

/** The change between the last two samples. */
function instantChange(window: Window, call: RangeCall, isRate: boolean): number {
  const pair = lastTwo(window)
  if (pair === undefined) return call.result.none()
  const [before, after] = pair
  const intervalMs = after.timeMs - before.timeMs
  if (intervalMs === 0) return call.result.none()
  const started = isStartReset(before.startMs, before.timeMs, after.startMs, after.timeMs)
  if (before.histogram === undefined && after.histogram === undefined) {
    const reset = isRate && (after.value < before.value || started)
    const change = reset ? after.value : after.value - before.value
    return isRate ? change / (intervalMs / 1000) : change
  }
  const name = quote(window.labels.metricName)
  if (before.histogram === undefined || after.histogram === undefined) {
    call.annotations.warn(`${MIXED_FLOATS_HISTOGRAMS} metric name ${name}`, call.span)
    return call.result.none()
  }
  const change = histogramChange(call, before.histogram, after.histogram, { isRate, started, name })
  if (change === undefined) return call.result.none()
  if (isRate) change.divide(intervalMs / 1000)
  return call.result.give(change)
}

function histogramChange(
  call: RangeCall,
  before: NativeHistogram,
  after: NativeHistogram,
  how: { readonly isRate: boolean; readonly started: boolean; readonly name: string },
): FloatHistogram | undefined {
  const gauges = [before, after].filter(
    (histogram) => histogram.counterResetHint === 'gauge',
  ).length
  if (how.isRate && gauges > 0) call.annotations.warn(`${NOT_COUNTER} ${how.name}`, call.span)
  if (!how.isRate && gauges < 2) call.annotations.warn(`${NOT_GAUGE} ${how.name}`, call.span)
  const change = new FloatHistogram(after)
  if (!how.isRate || !(how.started || isReset(after, before))) {
    try {
      const { reconciled } = change.subtract(before)
      const outcome = { collision: false, reconciled }
      noteCombination(call.annotations, outcome, 'subtraction', call.span)
    } catch (error) {
      if (!(error instanceof IncompatibleBucketsError)) throw error
      call.annotations.warn(`${MIXED_BUCKETS} ${how.name}`, call.span)
      return undefined
    }
  }
  change.counterResetHint = 'gauge'
  return change.compact()
}

/** The last two samples of either type, in order of time. */
function lastTwo(window: Window): [Sample, Sample] | undefined {
  const candidates: Sample[] = []
  for (let i = Math.max(window.from, window.to - 2); i < window.to; i++) {
    candidates.push({
      timeMs: window.times[i]!,
      startMs: window.startTimes[i] ?? 0,
      value: window.values[i]!,
      histogram: undefined,
    })
  }
  for (
    let i = Math.max(window.histogramFrom, window.histogramTo - 2);
    i < window.histogramTo;
    i++
  ) {
    candidates.push({
      timeMs: window.histogramTimes[i]!,
      startMs: window.histogramStartTimes[i] ?? 0,
      value: 0,
      histogram: window.histograms[i]!,
    })
  }
  if (candidates.length < 2) return undefined
  candidates.sort((a, b) => a.timeMs - b.timeMs)
  return [candidates.at(-2)!, candidates.at(-1)!]
}
