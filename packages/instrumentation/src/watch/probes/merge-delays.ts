import type { LoopDelays } from '../../shared/runtime-sample.ts'

/** The delays of several windows as one, or undefined when there is none. */
export interface MergedDelays {
  readonly minMs: number
  readonly maxMs: number
  readonly meanMs: number
  readonly stddevMs: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
}

/**
 * Joins windows. Minimum, maximum, mean and deviation are exact; a percentile is the smallest known
 * bound with at least that part of all delays below it, so it errs upwards and never past the maximum.
 */
export function mergeDelays(windows: readonly LoopDelays[]): MergedDelays | undefined {
  const count = windows.reduce((sum, window) => sum + window.count, 0)
  if (count === 0) return undefined
  const meanMs = windows.reduce((sum, { count, meanMs }) => sum + count * meanMs, 0) / count
  // The mean of squares of a window is its variance and the square of its mean.
  const squares = windows.reduce((sum, window) => {
    return sum + window.count * (window.stddevMs ** 2 + window.meanMs ** 2)
  }, 0)
  return {
    minMs: Math.min(...windows.map(({ minMs }) => minMs)),
    maxMs: Math.max(...windows.map(({ maxMs }) => maxMs)),
    meanMs,
    stddevMs: Math.sqrt(Math.max(0, squares / count - meanMs ** 2)),
    p50Ms: percentile(windows, count, 50),
    p90Ms: percentile(windows, count, 90),
    p99Ms: percentile(windows, count, 99),
  }
}

function percentile(windows: readonly LoopDelays[], count: number, wanted: number): number {
  // Each step of a window adds the delays between two of its percentiles at the upper one's bound.
  const steps = windows.flatMap(({ count, percentiles }) =>
    percentiles.map(([percentile, ms], index) => {
      const before = index === 0 ? 0 : percentiles[index - 1]![0]
      return { ms, delays: (count * (percentile - before)) / 100 }
    }),
  )
  steps.sort((one, other) => one.ms - other.ms)
  let seen = 0
  for (const { ms, delays } of steps) {
    seen += delays
    // The sum of parts may miss the whole by a rounding.
    if (seen >= (count * wanted) / 100 - 1e-6 * count) return ms
  }
  return steps.at(-1)?.ms ?? 0
}
