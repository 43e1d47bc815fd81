import type { LabelSet, NativeHistogram, SampleBuffer, SourceSeries } from '@chokepoint/promql'
import type { BlockChains } from './block-chain.ts'
import type { BoundsTable } from './bounds-table.ts'
import type { Family } from './family-table.ts'
import { RowColumns } from './row-columns.ts'
import type { RowLayout } from './row-layout.ts'
import { readRows } from './row-reader.ts'
import type { SeriesLabelSets } from './series-label-sets.ts'
import { RESOURCE } from './stream-records.ts'

/** The rows of one stream over a range, read once for all the series that they come to. */
interface RowRun {
  readonly id: number
  readonly fromMs: number
  readonly toMs: number
  /** Whether rows have their counts: `_sum` and `_count` need none. */
  readonly counted: boolean
  readonly rows: readonly ReadRow[]
}

interface ReadRow {
  readonly timeMs: number
  readonly startMs: number
  readonly layout: RowLayout
  readonly stale: boolean
  /** Of explicit buckets the sums up to each, as `_bucket` series count; of exponential ones as they are. */
  readonly counts: Float64Array
  readonly sum: number
  readonly count: number
  readonly hasSum: boolean
}

const NO_COUNTS = new Float64Array(0)

/** Parts of a histogram that are no bound; a bound is written as a number. */
const SUM = '_sum'
const COUNT = '_count'

function boundOf(part: string): string | undefined {
  return part === SUM || part === COUNT ? undefined : part
}

/** A series of the store. */
export interface StoredSeries extends SourceSeries {
  /** The `le` of a bucket. */
  readonly bound?: string | undefined
}

/**
 * Hands out the series that rows stand for. An engine reads the buckets of a histogram one after the
 * other, so the rows read last are kept: they are decoded once, not once a bucket.
 */
export class HistogramReader {
  readonly #chains: BlockChains
  readonly #bounds: BoundsTable
  #kept: RowRun | undefined
  readonly #labelSets: SeriesLabelSets
  readonly #columns = new RowColumns()

  constructor(chains: BlockChains, bounds: BoundsTable, labelSets: SeriesLabelSets) {
    this.#chains = chains
    this.#bounds = bounds
    this.#labelSets = labelSets
  }

  /** Must be called when samples were added or dropped. */
  forgetRows(): void {
    this.#kept = undefined
    this.#columns.id = -1
  }

  /** One of the series that explicit rows are: `_sum`, where rows have one, `_count`, or a bucket by its bound. */
  series(family: Family, id: number, part: string): StoredSeries {
    return new RowSeries(this, family, id, part)
  }

  /** The labels of such a series. */
  labelsOf(family: Family, id: number, part: string): LabelSet {
    const bound = boundOf(part)
    return bound === undefined
      ? this.#labelSets.of(family, id, part)
      : this.#labelSets.of(family, id, '_bucket', bound)
  }

  /** Appends what one of these series has in a range. */
  read(id: number, part: string, fromMs: number, toMs: number, into: SampleBuffer): void {
    const counted = boundOf(part) !== undefined
    const columns = this.#readColumns(id, fromMs, toMs, counted)
    // Bounds that change on the way: each row is looked at by itself.
    if (!columns.uniform) this.#readRowByRow(id, part, fromMs, toMs, into)
    else if (columns.size > 0) this.#push(columns, part, into)
  }

  #push(columns: RowColumns, part: string, into: SampleBuffer): void {
    if (part === SUM) columns.pushSums(into)
    else if (part === COUNT || part === '+Inf') columns.pushCounts(into)
    else {
      const place = this.#placeOf(columns.rowLayout, part)
      if (place !== -1) columns.pushBucket(place, into)
    }
  }

  #readRowByRow(id: number, part: string, fromMs: number, toMs: number, into: SampleBuffer): void {
    for (const row of this.#rows(id, fromMs, toMs, boundOf(part) !== undefined)) {
      if (row.stale) into.pushStale(row.timeMs)
      else {
        const value = this.#valueOf(row, part)
        if (value === undefined) continue
        into.pushFloat(row.timeMs, value)
      }
      if (row.startMs !== 0) into.setStartTime(row.startMs)
    }
  }

  #valueOf(row: ReadRow, part: string): number | undefined {
    if (part === SUM) return row.hasSum ? row.sum : undefined
    if (part === COUNT) return row.count
    if (row.layout.kind !== 'explicit') return undefined
    return part === '+Inf' ? row.count : row.counts[this.#placeOf(row.layout, part)]
  }

  /** Which of the buckets a bound is; -1 when these have no such bound. */
  #placeOf(layout: RowLayout, bound: string): number {
    return layout.kind === 'explicit' ? this.#bounds.get(layout.bounds).texts.indexOf(bound) : -1
  }

  /** The histograms of an exponential stream, whole. */
  nativeSeries(family: Family, id: number): SourceSeries {
    const labelSets = this.#labelSets
    return {
      get labels() {
        return labelSets.of(family, id, '')
      },
      read: (fromMs, toMs, into) => {
        for (const row of this.#rows(id, fromMs, toMs, true)) {
          if (row.stale) into.pushStale(row.timeMs)
          else into.pushHistogram(row.timeMs, toNativeHistogram(row))
          if (row.startMs !== 0) into.setStartTime(row.startMs)
        }
      },
    }
  }

  #readColumns(id: number, fromMs: number, toMs: number, counted: boolean): RowColumns {
    const kept = this.#columns
    if (kept.id === id && kept.fromMs === fromMs && kept.toMs === toMs) {
      if (kept.counted || !counted) return kept
    }
    kept.begin(id, fromMs, toMs, counted)
    const { records, columns } = this.#chains
    const column = columns[records.ints[id * 16 + RESOURCE]!]
    if (column !== undefined) readRows(this.#chains, id, column, fromMs, toMs, kept)
    return kept
  }

  #rows(id: number, fromMs: number, toMs: number, counted: boolean): readonly ReadRow[] {
    const kept = this.#kept
    if (kept?.id === id && kept.fromMs === fromMs && kept.toMs === toMs) {
      if (kept.counted || !counted) return kept.rows
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
          const sums = layout.kind === 'explicit'
          const equal = sums ? equalSums : equalCounts
          let own = same ? last!.counts : counts
          if (!counted) own = NO_COUNTS
          else if (!same || !equal(own, counts)) own = sums ? sumsOf(counts) : counts.slice()
          last = { timeMs, startMs, layout, stale: false, counts: own, sum, count, hasSum }
          rows.push(last)
        },
        stale: (timeMs, startMs) => {
          const stale = { layout, stale: true, counts: NO_COUNTS, sum: 0, count: 0, hasSum: false }
          rows.push({ timeMs, startMs, ...stale })
        },
      })
    }
    this.#kept = { id, fromMs, toMs, counted, rows }
    return rows
  }
}

/** One of the series that the rows of a histogram stand for: few bytes, since a query makes one a bucket. */
class RowSeries implements StoredSeries {
  readonly #reader: HistogramReader
  readonly #family: Family
  readonly #id: number
  readonly #part: string

  constructor(reader: HistogramReader, family: Family, id: number, part: string) {
    this.#reader = reader
    this.#family = family
    this.#id = id
    this.#part = part
  }

  get labels(): LabelSet {
    return this.#reader.labelsOf(this.#family, this.#id, this.#part)
  }

  get bound(): string | undefined {
    return boundOf(this.#part)
  }

  read(fromMs: number, toMs: number, into: SampleBuffer): void {
    this.#reader.read(this.#id, this.#part, fromMs, toMs, into)
  }
}

function equalCounts(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function sumsOf(counts: Float64Array): Float64Array {
  const sums = new Float64Array(counts.length)
  let total = 0
  for (let i = 0; i < counts.length; i++) {
    total += counts[i]!
    sums[i] = total
  }
  return sums
}

function equalSums(sums: Float64Array, counts: Float64Array): boolean {
  let total = 0
  for (let i = 0; i < sums.length; i++) {
    total += counts[i]!
    if (sums[i] !== total) return false
  }
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
    ...(layout.made?.customBounds && { customBounds: layout.made.customBounds }),
    counterResetHint: layout.made?.gauge === true ? 'gauge' : 'unknown',
  }
}
