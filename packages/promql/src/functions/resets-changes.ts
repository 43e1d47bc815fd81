import type { Window } from '../evaluate/window.ts'
import { equalHistograms } from '../histogram/float-histogram.ts'
import type { NativeHistogram } from '../histogram/native-histogram.ts'
import { isReset } from '../histogram/reset.ts'
import type { RangeCall, RangeFunction } from './range-function.ts'
import { isStartReset } from './start-times.ts'

/** A sample of either type. */
interface Sample {
  readonly timeMs: number
  readonly startMs: number
  readonly value: number
  readonly histogram: NativeHistogram | undefined
}

export const resets: RangeFunction = (window, call) => {
  if (
    window.histogramCount === 0 &&
    window.startTimes.length === 0 &&
    call.extended === undefined
  ) {
    // The window's own list of resets spares looking at each sample again.
    return window.resets().filter((at) => at > window.from && at < window.to).length
  }
  return countPairs(window, call, (before, after) => {
    if (isStartReset(before.startMs, before.timeMs, after.startMs, after.timeMs)) return true
    if (before.histogram === undefined && after.histogram === undefined) {
      return after.value < before.value
    }
    return isMixed(before, after) || isReset(after.histogram!, before.histogram!)
  })
}

export const changes: RangeFunction = (window, call) =>
  countPairs(window, call, (before, after) => {
    if (before.histogram === undefined && after.histogram === undefined) {
      const bothNaN = Number.isNaN(before.value) && Number.isNaN(after.value)
      return before.value !== after.value && !bothNaN
    }
    return isMixed(before, after) || !equalHistograms(after.histogram!, before.histogram!)
  })

function isMixed(before: Sample, after: Sample): boolean {
  return (before.histogram === undefined) !== (after.histogram === undefined)
}

function countPairs(
  window: Window,
  call: RangeCall,
  test: (before: Sample, after: Sample) => boolean,
): number {
  const samples = merged(window)
  let first = 0
  if (call.extended === 'anchored') {
    // The newest sample at or before the range counts as its first.
    while (first + 1 < samples.length && samples[first + 1]!.timeMs <= window.rangeStartMs) first++
    if (samples.at(-1)!.timeMs <= window.rangeStartMs) return call.result.none()
  }
  let count = 0
  for (let i = first + 1; i < samples.length; i++) {
    if (test(samples[i - 1]!, samples[i]!)) count++
  }
  return count
}

/** Floats and histograms of a window in order of time. */
function merged(window: Window): Sample[] {
  const samples: Sample[] = []
  const { times, values, startTimes, histogramTimes, histograms, histogramStartTimes } = window
  let float = window.from
  let histogram = window.histogramFrom
  while (float < window.to || histogram < window.histogramTo) {
    const floatNext =
      histogram >= window.histogramTo ||
      (float < window.to && times[float]! < histogramTimes[histogram]!)
    if (floatNext) {
      samples.push({
        timeMs: times[float]!,
        startMs: startTimes[float] ?? 0,
        value: values[float]!,
        histogram: undefined,
      })
      float++
    } else {
      samples.push({
        timeMs: histogramTimes[histogram]!,
        startMs: histogramStartTimes[histogram] ?? 0,
        value: 0,
        histogram: histograms[histogram]!,
      })
      histogram++
    }
  }
  return samples
}
