import {
  compareLabelSets,
  type NativeHistogram,
  type QueryResult,
  type RangeSeries,
  type VectorSample,
} from '@chokepoint/promql'
import { countAt, customBoundsOf } from '../../src/histogram/buckets.ts'
import type { EvalCommand, Expected, ScriptSeries } from './script.ts'
import type { SequenceValue } from './values.ts'

const EPSILON = 1e-6
const SMALLEST_NORMAL = 2 ** -1022

/** Equal within a relative 1e-6; NaN equals NaN. */
export function almostEqual(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true
  const sum = Math.abs(a) + Math.abs(b)
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || sum < SMALLEST_NORMAL) return difference < EPSILON * SMALLEST_NORMAL
  return difference / Math.min(sum, Number.MAX_VALUE) < EPSILON
}

/** The first difference between a result and what a script expects; undefined when there is none. */
export function differenceOf(
  command: EvalCommand,
  result: Omit<QueryResult, 'samples'>,
): string | undefined {
  return (
    annotationDifference('warning', command.warnings, command.noWarnings, result.warnings) ??
    annotationDifference('info', command.infos, command.noInfos, result.infos) ??
    valueDifference(command, result)
  )
}

/** Whether a text is as expected. */
export function fits(expected: Expected, text: string): boolean {
  if (expected.kind === 'text') return expected.text === text
  return expected.kind === 'any' || expected.regex.test(text)
}

function annotationDifference(
  kind: string,
  expected: readonly Expected[],
  none: boolean,
  actual: readonly string[],
): string | undefined {
  if (none && actual.length > 0) return `unexpected ${kind}: ${actual.join(' | ')}`
  if (expected.length === 0) return undefined
  const unmet = expected.find((one) => !actual.some((text) => fits(one, text)))
  if (unmet !== undefined) return `no ${kind} fits ${describe(unmet)}, got ${actual.join(' | ')}`
  const extra = actual.find((text) => !expected.some((one) => fits(one, text)))
  return extra === undefined ? undefined : `unexpected ${kind}: ${extra}`
}

function describe(expected: Expected): string {
  if (expected.kind === 'text') return expected.text
  return expected.kind === 'any' ? 'any' : String(expected.regex)
}

function valueDifference(
  command: EvalCommand,
  { value }: Omit<QueryResult, 'samples'>,
): string | undefined {
  switch (value.type) {
    case 'scalar':
      if (command.scalar === undefined) return `got the scalar ${value.value}`
      return floatDifference(command.scalar, value.value)
    case 'string':
      return command.text === value.value
        ? undefined
        : `expected ${command.text}, got ${value.value}`
    case 'vector':
      if (command.scalar !== undefined) return 'expected a scalar, got a vector'
      return vectorDifference(command, value.samples)
    case 'matrix':
      if (command.scalar !== undefined && command.stepMs === undefined) return 'expected a scalar'
      return matrixDifference(command, value.series)
  }
}

function vectorDifference(
  command: EvalCommand,
  samples: readonly VectorSample[],
): string | undefined {
  return pairUp(command, samples, (expected, sample, at) => {
    if (command.ordered && command.series[at] !== expected) return `out of order at ${at}`
    const wanted = expected.values[0]!
    if (sample.histogram !== undefined) return histogramDifference(wanted, sample.histogram)
    return wanted.kind === 'histogram'
      ? 'got a float'
      : floatDifference(floatOf(wanted), sample.value)
  })
}

function matrixDifference(
  command: EvalCommand,
  series: readonly RangeSeries[],
): string | undefined {
  for (let i = 1; i < series.length; i++) {
    if (compareLabelSets(series[i - 1]!.labels, series[i]!.labels) > 0) return 'not sorted'
  }
  const times = command.rangeVector ?? command
  return pairUp(command, series, (expected, actual) => {
    const floats: [number, SequenceValue][] = []
    const histograms: [number, SequenceValue][] = []
    expected.values.forEach((value, i) => {
      const point: [number, SequenceValue] = [times.startMs + i * (times.stepMs ?? 0), value]
      if (value.kind === 'histogram') histograms.push(point)
      else if (value.kind !== 'omitted') floats.push(point)
    })
    return (
      pointsDifference(floats, actual.times, (wanted, i) =>
        floatDifference(floatOf(wanted), actual.values[i]!),
      ) ??
      pointsDifference(histograms, actual.histogramTimes, (wanted, i) =>
        histogramDifference(wanted, actual.histograms[i]!),
      )
    )
  })
}

function pointsDifference(
  expected: readonly [number, SequenceValue][],
  times: ArrayLike<number>,
  difference: (wanted: SequenceValue, index: number) => string | undefined,
): string | undefined {
  if (expected.length !== times.length) {
    return `expected ${expected.length} points, got ${times.length} at ${Array.from(times)}`
  }
  for (const [i, [timeMs, wanted]] of expected.entries()) {
    if (times[i] !== timeMs) return `point ${i}: expected time ${timeMs}, got ${times[i]}`
    const found = difference(wanted, i)
    if (found !== undefined) return `point ${i}: ${found}`
  }
  return undefined
}

function pairUp<T extends { readonly labels: ScriptSeries['labels'] }>(
  command: EvalCommand,
  actual: readonly T[],
  difference: (expected: ScriptSeries, actual: T, at: number) => string | undefined,
): string | undefined {
  const expected = new Map(command.series.map((series) => [series.labels.key, series]))
  const seen = new Set<string>()
  for (const [at, one] of actual.entries()) {
    const wanted = expected.get(one.labels.key)
    if (wanted === undefined) return `unexpected series ${one.labels}`
    if (seen.has(one.labels.key)) return `series ${one.labels} twice`
    seen.add(one.labels.key)
    const found = difference(wanted, one, at)
    if (found !== undefined) return `${one.labels}: ${found}`
  }
  const missing = command.series.find((series) => !seen.has(series.labels.key))
  return missing === undefined ? undefined : `missing series ${missing.labels}`
}

function floatOf(value: SequenceValue): number {
  return value.kind === 'float' ? value.value : Number.NaN
}

function floatDifference(wanted: number, actual: number): string | undefined {
  return almostEqual(wanted, actual) ? undefined : `expected ${wanted}, got ${actual}`
}

function histogramDifference(wanted: SequenceValue, actual: NativeHistogram): string | undefined {
  if (wanted.kind !== 'histogram') return 'got a histogram'
  const expected = wanted.histogram
  for (const field of ['schema', 'zeroThreshold', 'zeroCount', 'count', 'sum'] as const) {
    if (!almostEqual(expected[field], actual[field])) {
      return `expected ${field} ${expected[field]}, got ${actual[field]}`
    }
  }
  if (String(customBoundsOf(expected)) !== String(customBoundsOf(actual))) {
    return `expected bounds ${customBoundsOf(expected)}, got ${customBoundsOf(actual)}`
  }
  for (const side of ['positive', 'negative'] as const) {
    const [a, b] = [expected[side], actual[side]]
    const to = Math.max(a.offset + a.counts.length, b.offset + b.counts.length)
    for (let i = Math.min(a.offset, b.offset); i < to; i++) {
      if (almostEqual(countAt(a, i), countAt(b, i))) continue
      return `expected ${side} bucket ${i} ${countAt(a, i)}, got ${countAt(b, i)}`
    }
  }
  if (wanted.hintSet && expected.counterResetHint !== actual.counterResetHint) {
    return `expected hint ${expected.counterResetHint}, got ${actual.counterResetHint}`
  }
  return undefined
}
