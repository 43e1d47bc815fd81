import type { MetricData } from '@opentelemetry/sdk-metrics'
import type { SeriesReader } from '../../shared/series-reader.ts'
import { MetricBatch, type MetricSource, type Moment } from './metric-batch.ts'

/** What the app thread has recorded into shared memory, read without its help. */
export class RecordedSeries implements MetricSource {
  readonly #reader: SeriesReader
  readonly #startedAtMs: number

  constructor(reader: SeriesReader, startedAtMs: number) {
    this.#reader = reader
    this.#startedAtMs = startedAtMs
  }

  collect(moment: Moment): readonly MetricData[] {
    const batch = new MetricBatch(this.#startedAtMs, moment.wallMs)
    for (const series of this.#reader.read()) {
      const { row, boundaries } = series.instrument
      if (series.kind === 'number') {
        batch.add(row.name, series.value, series.attributes)
      } else if (series.count > 0) {
        const buckets = { boundaries: [...boundaries], counts: [...series.buckets] }
        const { sum, count } = series
        batch.addHistogram(row.name, { buckets, sum, count }, series.attributes)
      }
    }
    return batch.toMetrics()
  }
}
