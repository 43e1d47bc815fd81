import type { LabelSet, NativeHistogram, SampleBuffer, SourceSeries } from '@chokepoint/promql'
import type { BlockChains } from './block-chain.ts'
import type { BoundsTable } from './bounds-table.ts'
import type { RowLayout } from './row-layout.ts'
import { readRows } from './row-reader.ts'
import { RESOURCE } from './stream-records.ts'

/** The rows of one stream over a range, read once for all the series that they come to. */
interface RowRun {
  readonly id: number
  readonly fromMs: number
  readonly toMs: number
  readonly rows: readonly ReadRow[]
}

interface ReadRow {
  readonly timeMs: number
  readonly startMs: number
  readonly layout: RowLayout
  readonly stale: boolean
  readonly counts: Float64Array
  readonly sum: number
  readonly count: number
  readonly hasSum: boolean
}

const NO_COUNTS = new Float64Array(0)

/**
 * Hands out the series that rows stand for. An engine reads the buckets of a histogram one after the
 * other, so the rows read last are kept: they are decoded once, not once a bucket.
 */
export class HistogramReader {
  readonly #chains: BlockChains
  readonly #bounds: BoundsTable
  #kept: RowRun | undefined

  constructor(chains: BlockChains, bounds: BoundsTable) {
    this.#chains = chains
    this.#bounds = bounds
  }

  /** Must be called when samples were added or dropped. */
  forgetRows(): void {
    this.#kept = undefined
  }

  /** `x_bucket{le="…"}`: observations up to a bound. */
  bucketSeries(labels: LabelSet, id: number, bound: string): SourceSeries {
    return this.#series(labels, id, (row) => {
      if (row.layout.kind !== 'explicit') return undefined
      if (bound === '+Inf') return row.count
      const last = this.#bounds.get(row.layout.bounds).texts.indexOf(bound)
      if (last === -1) return undefined
      let total = 0
      for (let i = 0; i <= last; i++) total += row.counts[i]!
      return total
    })
  }

  /** `x_sum`; a row without a sum has no sample. */
  sumSeries(labels: LabelSet, id: number): SourceSeries {
    return this.#series(labels, id, (row) => (row.hasSum ? row.sum : undefined))
  }

  /** `x_count`. */
  countSeries(labels: LabelSet, id: number): SourceSeries {
    return this.#series(labels, id, (row) => row.count)
  }

  /** The histograms of an exponential stream, whole. */
  nativeSeries(labels: LabelSet, id: number): SourceSeries {
    return {
      labels,
      read: (fromMs, toMs, into) => {
        for (const row of this.#rows(id, fromMs, toMs)) {
          if (row.stale) into.pushStale(row.timeMs)
          else into.pushHistogram(row.timeMs, toNativeHistogram(row))
          if (row.startMs !== 0) into.setStartTime(row.startMs)
        }
      },
    }
  }

  #series(
    labels: LabelSet,
    id: number,
    sampleOf: (row: ReadRow) => number | undefined,
  ): SourceSeries {
    return {
      labels,
      read: (fromMs: number, toMs: number, into: SampleBuffer) => {
        for (const row of this.#rows(id, fromMs, toMs)) {
          if (row.stale) into.pushStale(row.timeMs)
          else {
            const value = sampleOf(row)
            if (value === undefined) continue
            into.pushFloat(row.timeMs, value)
          }
          if (row.startMs !== 0) into.setStartTime(row.startMs)
        }
      },
    }
  }

  #rows(id: number, fromMs: number, toMs: number): readonly ReadRow[] {
    const kept = this.#kept
    if (kept !== undefined && kept.id === id && kept.fromMs === fromMs && kept.toMs === toMs) {
      return kept.rows
    }
    const rows: ReadRow[] = []
    const { records, columns } = this.#chains
    const column = columns[records.ints[id * 16 + RESOURCE]!]
    let layout: RowLayout = { kind: 'explicit', bounds: 0, width: 0 }
    let last: ReadRow | undefined
    if (column !== undefined) {
      readRows(this.#chains, id, column, fromMs, toMs, {
        layout: (next) => {
          layout = next
        },
        row: (timeMs, counts, sum, count, hasSum, startMs) => {
          // Runs of equal rows share their counts.
          const same = last !== undefined && last.count === count && last.layout === layout
          const own = same && equalCounts(last!.counts, counts) ? last!.counts : counts.slice()
          last = { timeMs, startMs, layout, stale: false, counts: own, sum, count, hasSum }
          rows.push(last)
        },
        stale: (timeMs, startMs) => {
          const stale = { layout, stale: true, counts: NO_COUNTS, sum: 0, count: 0, hasSum: false }
          rows.push({ timeMs, startMs, ...stale })
        },
      })
    }
    this.#kept = { id, fromMs, toMs, rows }
    return rows
  }
}

function equalCounts(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function toNativeHistogram(row: ReadRow): NativeHistogram {
  const { layout, counts, sum, count } = row
  if (layout.kind !== 'exponential') throw new TypeError('an exponential stream has explicit rows')
  const negativeAt = 1 + layout.positiveLength
  return {
    schema: layout.scale,
    zeroThreshold: layout.zeroThreshold,
    zeroCount: counts[0]!,
    count,
    sum,
    // OTLP's bucket i is (base^i, base^(i+1)], Prometheus' is (base^(i-1), base^i].
    positive: { offset: layout.positiveOffset + 1, counts: counts.subarray(1, negativeAt) },
    negative: { offset: layout.negativeOffset + 1, counts: counts.subarray(negativeAt) },
    counterResetHint: 'unknown',
  }
}
