import { executionError } from '../errors.ts'
import type { Window } from '../evaluate/window.ts'
import { KahanSum } from '../kahan.ts'
import { noteIgnored } from './over-time.ts'
import type { RangeCall, RangeFunction } from './range-function.ts'

export const deriv: RangeFunction = (window, call) => {
  if (!hasTwoFloats(window, call)) return call.result.none()
  return leastSquares(window, window.times[window.from]!).slope
}

export const predictLinear: RangeFunction = (window, call) => {
  if (!hasTwoFloats(window, call)) return call.result.none()
  const { slope, intercept } = leastSquares(window, window.stepMs)
  return slope * call.scalars[0]! + intercept
}

/** Holt's linear trend method: a level and a trend, each smoothed. */
export const doubleExponentialSmoothing: RangeFunction = (window, call) => {
  const smoothing = requireFactor('smoothing', call.scalars[0]!)
  const trendFactor = requireFactor('trend', call.scalars[1]!)
  if (!hasTwoFloats(window, call)) return call.result.none()
  const { values, from, to } = window
  let previous = 0
  let level = values[from]!
  let trend = values[from + 1]! - values[from]!
  for (let i = from + 1; i < to; i++) {
    if (i > from + 1) trend = trendFactor * (level - previous) + (1 - trendFactor) * trend
    previous = level
    level = smoothing * values[i]! + (1 - smoothing) * (level + trend)
  }
  return level
}

function requireFactor(name: string, factor: number): number {
  if (factor > 0 && factor < 1) return factor
  const short = name === 'smoothing' ? 'sf' : 'tf'
  // NaN passes Prometheus' check and makes the result NaN.
  if (Number.isNaN(factor)) return factor
  throw executionError(
    `invalid ${name} factor. Expected: 0 < ${short} < 1, got: ${factor.toFixed(6)}`,
  )
}

function hasTwoFloats(window: Window, call: RangeCall): boolean {
  if (window.histogramCount > 0 && window.floats > 0) noteIgnored(window, call)
  return window.floats >= 2
}

/** The line through the floats of a window, in seconds from an instant. */
function leastSquares(window: Window, originMs: number): { slope: number; intercept: number } {
  const { times, values, from, to } = window
  const first = values[from]!
  const sumX = new KahanSum()
  const sumY = new KahanSum()
  const sumXY = new KahanSum()
  const sumX2 = new KahanSum()
  let constant = true
  for (let i = from; i < to; i++) {
    const y = values[i]!
    if (y !== first && i > from) constant = false
    const x = (times[i]! - originMs) / 1000
    sumX.add(x)
    sumY.add(y)
    sumXY.add(x * y)
    sumX2.add(x * x)
  }
  if (constant) {
    if (first === Infinity || first === -Infinity)
      return { slope: Number.NaN, intercept: Number.NaN }
    return { slope: 0, intercept: first }
  }
  const count = to - from
  const x = sumX.sum + sumX.compensation
  const y = sumY.sum + sumY.compensation
  const covariance = sumXY.sum + sumXY.compensation - (x * y) / count
  const variance = sumX2.sum + sumX2.compensation - (x * x) / count
  const slope = covariance / variance
  return { slope, intercept: y / count - (slope * x) / count }
}
