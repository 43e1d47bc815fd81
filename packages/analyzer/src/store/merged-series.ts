import {
  type LabelSet,
  SAMPLE_HISTOGRAM,
  SAMPLE_STALE,
  SampleBuffer,
  type SourceSeries,
} from '@chokepoint/promql'

/** Series that one step looks at: their keys are made here. */
const SERIES_A_STEP = 1024

/** The same series with each label set once: streams that share one are read as one, by time. */
export function* mergeSeries(
  all: readonly SourceSeries[],
): Generator<void, readonly SourceSeries[]> {
  const byKey = new Map<string, SourceSeries[]>()
  let looked = 0
  for (const series of all) {
    if (++looked % SERIES_A_STEP === 0) yield
    const same = byKey.get(series.labels.key)
    if (same === undefined) byKey.set(series.labels.key, [series])
    else same.push(series)
  }
  return [...byKey.values()].map((same) => (same.length === 1 ? same[0]! : new MergedSeries(same)))
}

class MergedSeries implements SourceSeries {
  readonly labels: LabelSet
  readonly #parts: readonly SourceSeries[]

  constructor(parts: readonly SourceSeries[]) {
    this.labels = parts[0]!.labels
    this.#parts = parts
  }

  read(fromMs: number, toMs: number, into: SampleBuffer): void {
    const buffers = this.#parts.map((part) => {
      const buffer = new SampleBuffer()
      part.read(fromMs, toMs, buffer)
      return buffer
    })
    const places = buffers.map(() => 0)
    let last = Number.NEGATIVE_INFINITY
    for (;;) {
      let next = -1
      for (let i = 0; i < buffers.length; i++) {
        if (places[i]! >= buffers[i]!.size) continue
        if (next === -1 || timeOf(buffers, places, i) < timeOf(buffers, places, next)) next = i
      }
      if (next === -1) return
      const buffer = buffers[next]!
      const at = places[next]!++
      // Each time once: at equal times the first part's sample stays.
      if (buffer.times[at] === last) continue
      last = buffer.times[at]!
      copySample(buffer, at, into)
    }
  }
}

function timeOf(buffers: readonly SampleBuffer[], places: readonly number[], i: number): number {
  return buffers[i]!.times[places[i]!]!
}

function copySample(from: SampleBuffer, at: number, into: SampleBuffer): void {
  const time = from.times[at]!
  if (from.kinds[at] === SAMPLE_STALE) into.pushStale(time)
  else if (from.kinds[at] === SAMPLE_HISTOGRAM) into.pushHistogram(time, from.histograms[at]!)
  else into.pushFloat(time, from.values[at]!)
  const start = from.startTimes?.[at] ?? 0
  if (start !== 0) into.setStartTime(start)
}
