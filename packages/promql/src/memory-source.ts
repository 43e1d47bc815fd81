import type { NativeHistogram } from './histogram/native-histogram.ts'
import { LabelSet } from './label-set.ts'
import { compileMatchers } from './matchers.ts'
import { SAMPLE_HISTOGRAM, SAMPLE_STALE, SampleBuffer } from './sample-buffer.ts'
import type { Matcher, SeriesSource, SourceSeries } from './series-source.ts'

/** A sample to keep: a number, a native histogram, or the marker that ends a series. */
export type SampleValue = number | NativeHistogram | 'stale'

/** Series in memory, for tests and small uses; a select looks at every series. */
export class MemorySource implements SeriesSource {
  readonly #series = new Map<string, MemorySeries>()

  /** Appends a sample; times of a series must ascend, a sample at its newest time replaces that one. */
  add(
    labels: LabelSet | Readonly<Record<string, string>>,
    timeMs: number,
    value: SampleValue,
    startMs = 0,
  ): void {
    const set = labels instanceof LabelSet ? labels : LabelSet.of(labels)
    let series = this.#series.get(set.key)
    if (series === undefined) {
      series = new MemorySeries(set)
      this.#series.set(set.key, series)
    }
    series.add(timeMs, value, startMs)
  }

  clear(): void {
    this.#series.clear()
  }

  select(matchers: readonly Matcher[], fromMs: number, toMs: number): readonly SourceSeries[] {
    const matches = compileMatchers(matchers)
    const found: SourceSeries[] = []
    for (const series of this.#series.values()) {
      if (series.overlaps(fromMs, toMs) && matches(series.labels)) found.push(series)
    }
    return found
  }
}

class MemorySeries implements SourceSeries {
  readonly labels: LabelSet
  readonly #samples = new SampleBuffer()

  constructor(labels: LabelSet) {
    this.labels = labels
  }

  overlaps(fromMs: number, toMs: number): boolean {
    const { size, times } = this.#samples
    return size > 0 && times[0]! <= toMs && times[size - 1]! >= fromMs
  }

  add(timeMs: number, value: SampleValue, startMs: number): void {
    const samples = this.#samples
    const last = samples.size === 0 ? -Infinity : samples.times[samples.size - 1]!
    if (!(timeMs >= last)) {
      throw new RangeError(
        `cannot add a sample at ${timeMs} to ${this.labels}: its newest sample is at ${last}`,
      )
    }
    if (timeMs === last) {
      samples.size--
      if (samples.kinds[samples.size] !== 0) samples.special--
    }
    if (value === 'stale') samples.pushStale(timeMs)
    else if (typeof value === 'number') samples.pushFloat(timeMs, value)
    else samples.pushHistogram(timeMs, value)
    if (startMs !== 0 || samples.startTimes !== undefined) samples.setStartTime(startMs)
  }

  read(fromMs: number, toMs: number, into: SampleBuffer): void {
    const samples = this.#samples
    const from = lowerBound(samples.times, samples.size, fromMs)
    const to = lowerBound(samples.times, samples.size, toMs + 1)
    if (samples.special === 0 && samples.startTimes === undefined) {
      into.pushFloats(samples.times, samples.values, from, to)
      return
    }
    for (let i = from; i < to; i++) this.#copy(i, into)
  }

  readLast(fromMs: number, toMs: number, into: SampleBuffer): void {
    const samples = this.#samples
    const last = lowerBound(samples.times, samples.size, toMs + 1) - 1
    if (last >= 0 && samples.times[last]! >= fromMs) this.#copy(last, into)
  }

  #copy(index: number, into: SampleBuffer): void {
    const samples = this.#samples
    const time = samples.times[index]!
    const kind = samples.kinds[index]
    if (kind === SAMPLE_STALE) into.pushStale(time)
    else if (kind === SAMPLE_HISTOGRAM) into.pushHistogram(time, samples.histograms[index]!)
    else into.pushFloat(time, samples.values[index]!)
    if (samples.startTimes !== undefined) into.setStartTime(samples.startTimes[index] ?? 0)
  }
}

/** The first index in [0, size) whose time is at or after `timeMs`. */
function lowerBound(times: Float64Array, size: number, timeMs: number): number {
  let low = 0
  let high = size
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[middle]! < timeMs) low = middle + 1
    else high = middle
  }
  return low
}
