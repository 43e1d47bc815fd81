import type { Attributes } from '@opentelemetry/api'
import type { MetricData } from '@opentelemetry/sdk-metrics'
import { MetricBatch, type MetricSource, type Moment } from './metric-batch.ts'

interface Series {
  readonly attributes: Attributes
  readonly counts: number[]
  sum: number
  count: number
}

export interface BoundedHistogramOptions {
  readonly name: string
  /** Upper bounds of the buckets, ascending. */
  readonly boundaries: readonly number[]
  readonly seriesMax: number
  /** Wall clock in ms when the counting began. */
  readonly startedAtMs: number
}

const OVERFLOW: Attributes = { 'otel.metric.overflow': true }

/**
 * A cumulative histogram of the watch thread's own. The SDK's instruments would grow by their limit
 * at each collection; here attribute sets beyond the limit share one series for good.
 */
export class BoundedHistogram implements MetricSource {
  readonly #options: BoundedHistogramOptions
  readonly #series = new Map<string, Series>()

  constructor(options: BoundedHistogramOptions) {
    this.#options = options
  }

  record(value: number, attributes: Attributes = {}): void {
    const series = this.#seriesOf(attributes)
    const { boundaries } = this.#options
    const found = boundaries.findIndex((boundary) => value <= boundary)
    series.counts[found < 0 ? boundaries.length : found]! += 1
    series.sum += value
    series.count += 1
  }

  collect(moment: Moment): readonly MetricData[] {
    const { name, boundaries, startedAtMs } = this.#options
    const batch = new MetricBatch(startedAtMs, moment.wallMs)
    for (const { attributes, counts, sum, count } of this.#series.values()) {
      const buckets = { boundaries: [...boundaries], counts: [...counts] }
      batch.addHistogram(name, { buckets, sum, count }, attributes)
    }
    return batch.toMetrics()
  }

  #seriesOf(attributes: Attributes): Series {
    const key = JSON.stringify(Object.entries(attributes).sort())
    const known = this.#series.get(key)
    if (known !== undefined) return known
    const { boundaries, seriesMax } = this.#options
    if (this.#series.size >= seriesMax && attributes !== OVERFLOW) return this.#seriesOf(OVERFLOW)
    const counts = Array.from({ length: boundaries.length + 1 }, () => 0)
    const series = { attributes, counts, sum: 0, count: 0 }
    this.#series.set(key, series)
    return series
  }
}
