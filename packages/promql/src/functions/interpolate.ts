import type { Span } from '../errors.ts'
import { type Annotations, noteCombination } from '../evaluate/annotations.ts'
import type { Window } from '../evaluate/window.ts'
import { FloatHistogram } from '../histogram/float-histogram.ts'
import { isReset } from '../histogram/reset.ts'

/** The value between a float and the next; a counter that was reset between them rises from 0. */
export function interpolate(
  window: Window,
  index: number,
  timeMs: number,
  isCounter: boolean,
): number {
  const { times, values } = window
  const after = values[index + 1]!
  const before = isCounter && after < values[index]! ? 0 : values[index]!
  const width = times[index + 1]! - times[index]!
  return before + ((after - before) * (timeMs - times[index]!)) / width
}

/** As {@link interpolate}, between a histogram and the next. Throws when their buckets do not fit. */
export function interpolateHistograms(
  window: Window,
  index: number,
  timeMs: number,
  isCounter: boolean,
  annotations: Annotations,
  span: Span,
): FloatHistogram {
  const { histogramTimes: times, histograms } = window
  const before = histograms[index]!
  const after = histograms[index + 1]!
  if (timeMs === times[index]) return new FloatHistogram(before)
  if (timeMs === times[index + 1]) return new FloatHistogram(after)
  const share = (timeMs - times[index]!) / (times[index + 1]! - times[index]!)
  if (isCounter && isReset(after, before)) return new FloatHistogram(after).multiply(share)
  const result = new FloatHistogram(after)
  const less = result.subtract(before)
  noteCombination(
    annotations,
    { collision: false, reconciled: less.reconciled },
    'subtraction',
    span,
  )
  result.multiply(share)
  const more = result.add(before)
  noteCombination(annotations, { collision: false, reconciled: more.reconciled }, 'addition', span)
  return result
}
