import {
  checkQuantile,
  IGNORED_IN_RANGE,
  MIXED_BUCKETS,
  MIXED_FLOATS_HISTOGRAMS,
  noteCombination,
} from '../evaluate/annotations.ts'
import type { Window } from '../evaluate/window.ts'
import { quote } from '../go-format.ts'
import { IncompatibleBucketsError } from '../histogram/float-histogram.ts'
import type { NativeHistogram } from '../histogram/native-histogram.ts'
import { averageHistograms, type HistogramTotal, sumHistograms } from '../histogram/sum.ts'
import { KahanSum } from '../kahan.ts'
import { quantileOf } from './quantile.ts'
import type { RangeCall, RangeFunction } from './range-function.ts'

export const sumOverTime: RangeFunction = (window, call) =>
  floatsOrHistograms(window, call, sumOf, sumHistograms)
export const avgOverTime: RangeFunction = (window, call) =>
  floatsOrHistograms(window, call, averageOf, averageHistograms)
export const countOverTime: RangeFunction = (window) => window.floats + window.histogramCount
export const presentOverTime: RangeFunction = () => 1
export const minOverTime: RangeFunction = (window, call) =>
  overFloats(window, call, (values, from, to) => values[extremum(values, from, to, LESS)]!)
export const maxOverTime: RangeFunction = (window, call) =>
  overFloats(window, call, (values, from, to) => values[extremum(values, from, to, MORE)]!)
export const tsOfMinOverTime: RangeFunction = (window, call) =>
  overFloats(
    window,
    call,
    (values, from, to) => window.times[extremum(values, from, to, AT_MOST)]! / 1000,
  )
export const tsOfMaxOverTime: RangeFunction = (window, call) =>
  overFloats(
    window,
    call,
    (values, from, to) => window.times[extremum(values, from, to, AT_LEAST)]! / 1000,
  )
export const stdvarOverTime: RangeFunction = (window, call) => overFloats(window, call, varianceOf)
export const stddevOverTime: RangeFunction = (window, call) =>
  overFloats(window, call, (values, from, to) => Math.sqrt(varianceOf(values, from, to)))
export const madOverTime: RangeFunction = (window, call) =>
  overFloats(window, call, medianAbsoluteDeviation)

export const quantileOverTime: RangeFunction = (window, call) => {
  if (window.floats === 0) return call.result.none()
  const quantile = call.scalars[0]!
  checkQuantile(call.annotations, quantile, call.span)
  return overFloats(window, call, (values, from, to) =>
    quantileOf(quantile, values.slice(from, to)),
  )
}

export const firstOverTime: RangeFunction = (window, call) => {
  const { times, values, from, floats, histogramTimes, histograms, histogramFrom } = window
  const hasHistogram = window.histogramCount > 0
  if (!hasHistogram || (floats > 0 && times[from]! < histogramTimes[histogramFrom]!)) {
    return values[from]!
  }
  return call.result.give(histograms[histogramFrom]!)
}

export const lastOverTime: RangeFunction = (window, call) => {
  const { times, values, to, floats, histogramTimes, histograms, histogramTo } = window
  const hasHistogram = window.histogramCount > 0
  if (!hasHistogram || (floats > 0 && histogramTimes[histogramTo - 1]! < times[to - 1]!)) {
    return values[to - 1]!
  }
  return call.result.give(histograms[histogramTo - 1]!)
}

export const tsOfFirstOverTime: RangeFunction = (window) => {
  const float = window.floats > 0 ? window.times[window.from]! : Infinity
  const histogram =
    window.histogramCount > 0 ? window.histogramTimes[window.histogramFrom]! : Infinity
  return Math.min(float, histogram) / 1000
}

export const tsOfLastOverTime: RangeFunction = (window) => {
  const float = window.floats > 0 ? window.times[window.to - 1]! : -Infinity
  const histogram =
    window.histogramCount > 0 ? window.histogramTimes[window.histogramTo - 1]! : -Infinity
  return Math.max(float, histogram) / 1000
}

/** A function of floats only; histograms beside them are ignored and noted. */
function overFloats(
  window: Window,
  call: RangeCall,
  fn: (values: Float64Array, from: number, to: number) => number,
): number {
  if (window.floats === 0) return call.result.none()
  if (window.histogramCount > 0) noteIgnored(window, call)
  return fn(window.values, window.from, window.to)
}

/** Notes that histograms among floats were left out. */
export function noteIgnored(window: Window, call: RangeCall): void {
  const name = quote(window.labels.metricName)
  call.annotations.info(`${IGNORED_IN_RANGE} ${name}`, call.span)
}

function floatsOrHistograms(
  window: Window,
  call: RangeCall,
  ofFloats: (values: Float64Array, from: number, to: number) => number,
  ofHistograms: (histograms: readonly NativeHistogram[]) => HistogramTotal,
): number {
  if (window.histogramCount === 0) return ofFloats(window.values, window.from, window.to)
  const name = quote(window.labels.metricName)
  if (window.floats > 0) {
    call.annotations.warn(`${MIXED_FLOATS_HISTOGRAMS} metric name ${name}`, call.span)
    return call.result.none()
  }
  try {
    const total = ofHistograms(window.histograms.slice(window.histogramFrom, window.histogramTo))
    noteCombination(call.annotations, total, 'aggregation', call.span)
    return call.result.give(total.histogram)
  } catch (error) {
    if (!(error instanceof IncompatibleBucketsError)) throw error
    call.annotations.warn(`${MIXED_BUCKETS} ${name}`, call.span)
    return call.result.none()
  }
}

function sumOf(values: Float64Array, from: number, to: number): number {
  let sum = 0
  let lost = 0
  for (let i = from; i < to; i++) {
    const value = values[i]!
    const total = sum + value
    if (total === Infinity || total === -Infinity) lost = 0
    else if (Math.abs(sum) >= Math.abs(value)) lost += sum - total + value
    else lost += value - total + sum
    sum = total
  }
  return sum === Infinity || sum === -Infinity ? sum : sum + lost
}

/** The sum divided by the count, or a running mean from where the sum would overflow. */
function averageOf(values: Float64Array, from: number, to: number): number {
  const total = new KahanSum()
  total.sum = values[from]!
  for (let i = from + 1; i < to; i++) {
    const { sum, compensation } = total
    total.add(values[i]!)
    if (total.sum === Infinity || total.sum === -Infinity) {
      return runningMean(values, from, to, i, sum, compensation)
    }
  }
  const count = to - from
  return total.sum / count + total.compensation / count
}

function runningMean(
  values: Float64Array,
  from: number,
  to: number,
  next: number,
  sum: number,
  compensation: number,
): number {
  const mean = new KahanSum()
  mean.sum = sum / (next - from)
  mean.compensation = compensation / (next - from)
  for (let i = next; i < to; i++) {
    const count = i - from + 1
    const share = (count - 1) / count
    mean.sum *= share
    mean.compensation *= share
    mean.add(values[i]! / count)
  }
  return mean.sum + mean.compensation
}

const LESS = (value: number, best: number) => value < best
const MORE = (value: number, best: number) => value > best
const AT_MOST = (value: number, best: number) => value <= best
const AT_LEAST = (value: number, best: number) => value >= best

/** The index of the best value; NaN is worse than any. */
function extremum(
  values: Float64Array,
  from: number,
  to: number,
  better: (value: number, best: number) => boolean,
): number {
  let best = from
  for (let i = from; i < to; i++) {
    if (better(values[i]!, values[best]!) || Number.isNaN(values[best]!)) best = i
  }
  return best
}

function varianceOf(values: Float64Array, from: number, to: number): number {
  const mean = new KahanSum()
  const squares = new KahanSum()
  let count = 0
  for (let i = from; i < to; i++) {
    count++
    const value = values[i]!
    const delta = value - (mean.sum + mean.compensation)
    mean.add(delta / count)
    squares.add(delta * (value - (mean.sum + mean.compensation)))
  }
  return (squares.sum + squares.compensation) / count
}

function medianAbsoluteDeviation(values: Float64Array, from: number, to: number): number {
  const own = values.slice(from, to)
  if (own.some(Number.isNaN)) return Number.NaN
  const median = quantileOf(0.5, own)
  return quantileOf(
    0.5,
    own.map((value) => Math.abs(value - median)),
  )
}
