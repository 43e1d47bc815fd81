import type { ReadSeries } from '../../shared/series-reader.ts'
import type { SeriesAttributes } from '../../shared/series-writer.ts'
import type { MetricBatch } from '../metrics/metric-batch.ts'

interface Total {
  readonly series: ReadSeries
  value: number
  readonly buckets: number[]
}

/**
 * Sums of the series of several threads. Threads that are gone stay in the sums of what only grows, so that a
 * counter never falls; what goes up and down is forgotten with its thread.
 */
export class ThreadTotals {
  readonly #totals = new Map<string, Total>()

  /** Adds a series of a thread that lives, or of one that is gone. */
  add(series: ReadSeries, isGone: boolean): void {
    const { row } = series.instrument
    if (isGone && row.kind !== 'histogram' && row.kind !== 'counter') return
    const key = `${row.name} ${JSON.stringify(series.attributes)}`
    let total = this.#totals.get(key)
    if (total === undefined) {
      const buckets = series.kind === 'histogram' ? series.buckets.map(() => 0) : []
      total = { series, value: 0, buckets }
      this.#totals.set(key, total)
    }
    total.value += series.kind === 'histogram' ? series.sum : series.value
    if (series.kind === 'number') return
    for (const [index, count] of series.buckets.entries()) total.buckets[index]! += count
  }

  /** A copy to which the threads that live now can be added. */
  copy(): ThreadTotals {
    const copy = new ThreadTotals()
    for (const [key, { series, value, buckets }] of this.#totals) {
      copy.#totals.set(key, { series, value, buckets: [...buckets] })
    }
    return copy
  }

  /** Puts the sums into a batch, with more attributes. */
  addTo(batch: MetricBatch, more: SeriesAttributes): void {
    for (const { series, value, buckets } of this.#totals.values()) {
      const { row, boundaries } = series.instrument
      const attributes = { ...series.attributes, ...more }
      if (series.kind === 'number') {
        batch.add(row.name, value, attributes)
        continue
      }
      const count = buckets.reduce((sum, bucket) => sum + bucket, 0)
      if (count === 0) continue
      const counts = [...buckets]
      batch.addHistogram(
        row.name,
        { buckets: { boundaries: [...boundaries], counts }, sum: value, count },
        attributes,
      )
    }
  }
}
