import {
  asStored,
  CUSTOM_BUCKETS_SCHEMA,
  type LabelSet,
  METRIC_NAME,
  type MemorySource,
  type NativeHistogram,
  NO_BUCKETS,
  type SampleValue,
} from '@chokepoint/promql'
import type { LoadCommand, ScriptSeries } from './script.ts'
import type { SequenceValue } from './values.ts'

interface LoadedSample {
  readonly timeMs: number
  readonly value: SampleValue
  readonly startMs: number
}

/** Puts the series of a load command into the source. */
export function load(command: LoadCommand, source: MemorySource): void {
  for (const series of command.series) {
    let previous: SampleValue | undefined
    for (const { timeMs, value, startMs } of samplesOf(command, series)) {
      const stored = asStored(value, previous)
      source.add(series.labels, timeMs, stored, startMs)
      previous = stored
    }
  }
  if (command.withNhcb) loadCustomHistograms(command, source)
}

function samplesOf(command: LoadCommand, series: ScriptSeries): LoadedSample[] {
  const samples: LoadedSample[] = []
  series.values.forEach((value, index) => {
    const sample = toSample(value)
    if (sample === undefined) return
    const timeMs = index * command.stepMs
    const offset = series.startOffsets?.[index]
    samples.push({ timeMs, value: sample, startMs: offset === undefined ? 0 : timeMs + offset })
  })
  return samples
}

function toSample(value: SequenceValue): SampleValue | undefined {
  switch (value.kind) {
    case 'omitted':
      return undefined
    case 'stale':
      return 'stale'
    case 'float':
      return value.value
    case 'histogram':
      return value.histogram
  }
}

/** Classic histograms collected by time. */
interface Collected {
  readonly labels: LabelSet
  readonly atTime: Map<number, { buckets: Map<number, number>; count?: number; sum: number }>
}

/** Adds, to the classic histograms of a load, the same as native ones with custom buckets. */
function loadCustomHistograms(command: LoadCommand, source: MemorySource): void {
  const collected = new Map<string, Collected>()
  for (const series of command.series) {
    const match = /^(.*)_(bucket|count|sum)$/.exec(series.labels.metricName)
    if (match === null) continue
    const labels = series.labels.without(['le']).with(METRIC_NAME, match[1]!)
    let histogram = collected.get(labels.key)
    if (histogram === undefined) {
      histogram = { labels, atTime: new Map() }
      collected.set(labels.key, histogram)
    }
    for (const { timeMs, value } of samplesOf(command, series)) {
      if (typeof value !== 'number') continue
      let at = histogram.atTime.get(timeMs)
      if (at === undefined) {
        at = { buckets: new Map(), sum: 0 }
        histogram.atTime.set(timeMs, at)
      }
      if (match[2] === 'sum') at.sum = value
      else if (match[2] === 'count') at.count = value
      else {
        const le = series.labels.get('le')
        const bound = /^\+?inf$/i.test(le) ? Infinity : Number(le)
        if (le !== '' && !Number.isNaN(bound)) at.buckets.set(bound, value)
      }
    }
  }
  for (const { labels, atTime } of collected.values()) {
    for (const [timeMs, at] of [...atTime].sort(([a], [b]) => a - b)) {
      source.add(labels, timeMs, toCustomHistogram(at))
    }
  }
}

function toCustomHistogram(at: {
  buckets: Map<number, number>
  count?: number
  sum: number
}): NativeHistogram {
  const bounds = [...at.buckets].sort(([a], [b]) => a - b)
  const count = at.count ?? bounds.at(-1)?.[1] ?? 0
  if (bounds.at(-1)?.[0] !== Infinity) bounds.push([Infinity, count])
  let previous = 0
  const counts = bounds.map(([, cumulative]) => {
    const own = cumulative - previous
    previous = cumulative
    return own
  })
  return {
    schema: CUSTOM_BUCKETS_SCHEMA,
    zeroThreshold: 0,
    zeroCount: 0,
    count,
    sum: at.sum,
    positive: { offset: 0, counts: Float64Array.from(counts) },
    negative: NO_BUCKETS,
    customBounds: Float64Array.from(bounds.slice(0, -1).map(([bound]) => bound)),
    counterResetHint: 'unknown',
  }
}
