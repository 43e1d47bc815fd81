import type { NativeHistogram } from '@chokepoint/promql'
import type { ExponentialPoint } from '../decode/exponential-point.ts'
import type { PointBatch } from '../decode/point-batch.ts'
import { COUNT_MAX } from '../decode/point-batch.ts'
import type { BlockChains } from './block-chain.ts'
import type { BoundsTable } from './bounds-table.ts'
import {
  exponentialFault,
  mergeExponential,
  SCHEMA_MIN,
  sameLayout,
  toExponentialRow,
} from './exponential-row.ts'
import { doublesOf, toMadeRow } from './made-row.ts'
import { appendNumber } from './number-codec.ts'
import { insertNumber, insertRow } from './out-of-order.ts'
import type { IngestTally } from './rejections.ts'
import { ROW_WIDTH_MAX, type Row, type RowLayout } from './row-layout.ts'
import { appendRow } from './row-writer.ts'
import type { StreamIndex } from './stream-index.ts'
import { DELTA, RESOURCE, START, TIME, VALUE } from './stream-records.ts'

const NO_LAYOUT = -1

/** Adds samples to streams: in order, late within a window, again, or as differences. */
export class SampleWriter {
  readonly #index: StreamIndex
  readonly #chains: BlockChains
  readonly #bounds: BoundsTable
  readonly #outOfOrderMs: number
  readonly #bucketsMax: number
  /** The layout that each exponential stream's newest row has. */
  readonly #exponentialLayouts = new Map<number, RowLayout>()
  /** What the differences of an exponential stream come to. */
  readonly #exponentialTotals = new Map<number, ExponentialPoint>()
  readonly #row: Row = { counts: new Float64Array(0), at: 0, sum: 0, count: 0, hasSum: false }
  readonly #explicitLayouts: RowLayout[] = []
  readonly #single = new Float64Array(1)
  #summed = new Float64Array(64)

  constructor(
    index: StreamIndex,
    chains: BlockChains,
    bounds: BoundsTable,
    outOfOrderMs: number,
    bucketsMax: number,
  ) {
    this.#index = index
    this.#chains = chains
    this.#bounds = bounds
    this.#outOfOrderMs = outOfOrderMs
    this.#bucketsMax = Math.min(bucketsMax, ROW_WIDTH_MAX - 1)
  }

  addNumber(
    id: number,
    timeMs: number,
    startMs: number,
    value: number,
    stale: boolean,
    tally: IngestTally,
  ): void {
    const { records, columns } = this.#chains
    const last = records.floats[id * 8 + TIME]!
    if (timeMs > last) {
      appendNumber(this.#chains, id, this.#timeIndex(id, timeMs), timeMs, startMs, value, stale)
      tally.accepted++
      return
    }
    if (timeMs < last - this.#outOfOrderMs) {
      tally.reject('out_of_order')
      return
    }
    const column = columns[records.ints[id * 16 + RESOURCE]!]!
    const outcome = insertNumber(this.#chains, id, column, timeMs, startMs, value, stale)
    if (outcome === 'differs') tally.reject('duplicate')
    else tally.accepted++
  }

  /** Adds a difference to the stream's total: what PromQL reads is the total. */
  addDelta(
    id: number,
    timeMs: number,
    startMs: number,
    value: number,
    stale: boolean,
    tally: IngestTally,
  ): void {
    if (this.#isLateDelta(id, timeMs, tally)) return
    const { floats } = this.#chains.records
    const first = floats[id * 8 + TIME] === Number.NEGATIVE_INFINITY
    const total = first ? value : floats[id * 8 + VALUE]! + value
    const start = first ? startMs : floats[id * 8 + START]!
    appendNumber(this.#chains, id, this.#timeIndex(id, timeMs), timeMs, start, total, stale)
    tally.accepted++
  }

  /** Says once more that a stream is 1. */
  repeatOne(id: number, timeMs: number): void {
    if (timeMs <= this.#chains.records.floats[id * 8 + TIME]!) return
    appendNumber(this.#chains, id, this.#timeIndex(id, timeMs), timeMs, 0, 1, false)
  }

  addHistogram(
    id: number,
    batch: PointBatch,
    point: number,
    delta: boolean,
    hasSum: boolean,
    stale: boolean,
    tally: IngestTally,
  ): void {
    const timeMs = batch.timeMs[point]!
    let startMs = batch.startMs[point]!
    const known = this.#index.rowLayout(id)
    if (stale) {
      // It ends what the stream has; a stream that has nothing needs no end.
      if (known === NO_LAYOUT) tally.accepted++
      else this.#addRow(id, timeMs, startMs, this.#explicit(known), false, undefined, tally)
      return
    }
    const row = this.#row
    row.counts = batch.buckets
    row.at = batch.bucketsAt[point]!
    row.sum = batch.value[point]!
    row.count = batch.count[point]!
    row.hasSum = hasSum
    if (batch.bucketsLength[point] === 0) {
      // Without buckets all observations are in the one that Prometheus adds, `+Inf`.
      this.#single[0] = row.count
      row.counts = this.#single
      row.at = 0
    }
    const bounds = this.#boundsOf(batch, point)
    const layout = this.#explicit(bounds)
    if (delta) {
      if (this.#isLateDelta(id, timeMs, tally)) return
      if (bounds === known) startMs = this.#addTotals(id, row, layout.width, startMs)
    }
    this.#addRow(id, timeMs, startMs, layout, bounds !== known, row, tally)
  }

  addExponential(
    id: number,
    timeMs: number,
    startMs: number,
    point: ExponentialPoint,
    delta: boolean,
    stale: boolean,
    tally: IngestTally,
  ): void {
    if (point.scale < SCHEMA_MIN) {
      tally.reject('scale', `scale ${point.scale}`)
      return
    }
    const fault = exponentialFault(point, this.#bucketsMax)
    if (fault !== '') {
      tally.reject('malformed', fault)
      return
    }
    let total = point
    let start = startMs
    if (delta && !stale) {
      const { floats } = this.#chains.records
      if (this.#isLateDelta(id, timeMs, tally)) return
      const before = this.#exponentialTotals.get(id)
      const merged = before === undefined ? undefined : mergeExponential(before, point)
      // Totals that fit no histogram start again, as a counter may at any time.
      if (merged !== undefined && exponentialFault(merged, Number.POSITIVE_INFINITY) === '') {
        total = merged
        start = floats[id * 8 + START]!
      }
      this.#exponentialTotals.set(id, total)
    }
    const { layout, row } = toExponentialRow(total)
    this.#addExponentialRow(id, timeMs, start, layout, stale ? undefined : row, tally)
  }

  /** Adds a histogram that a rule made; its counts may be fractions. */
  addMade(id: number, timeMs: number, histogram: NativeHistogram, tally: IngestTally): void {
    const { layout, row } = toMadeRow(histogram)
    const doubles = doublesOf(layout)
    if (doubles > this.#bucketsMax) {
      const fault = `a histogram has ${doubles} buckets and bounds, more than ${this.#bucketsMax}`
      tally.reject('malformed', fault)
    } else this.#addExponentialRow(id, timeMs, 0, layout, row, tally)
  }

  /** Ends a stream of native histograms. */
  endExponential(id: number, timeMs: number, tally: IngestTally): void {
    const known = this.#exponentialLayouts.get(id)
    // A stream that has nothing needs no end.
    if (known === undefined) tally.accepted++
    else this.#addExponentialRow(id, timeMs, 0, known, undefined, tally)
  }

  #addExponentialRow(
    id: number,
    timeMs: number,
    startMs: number,
    layout: RowLayout,
    row: Row | undefined,
    tally: IngestTally,
  ): void {
    const known = this.#exponentialLayouts.get(id)
    // A stale marker has no buckets, so it changes nothing of what the columns are.
    const used = row === undefined ? (known ?? layout) : layout
    const fresh = known === undefined || !sameLayout(known, used)
    if (this.#addRow(id, timeMs, startMs, used, fresh, row, tally)) {
      this.#exponentialLayouts.set(id, used)
    }
  }

  /** Forgets what is kept for streams beside their samples. */
  forget(ids: ReadonlySet<number>): void {
    for (const id of ids) {
      this.#exponentialLayouts.delete(id)
      this.#exponentialTotals.delete(id)
    }
  }

  /** True when a difference must not be added: it came before, or a newer one did. */
  #isLateDelta(id: number, timeMs: number, tally: IngestTally): boolean {
    const last = this.#chains.records.floats[id * 8 + TIME]!
    if (timeMs > last) return false
    // The same request again: a difference that came twice must not count twice.
    if (timeMs === last) tally.accepted++
    else tally.reject('out_of_order')
    return true
  }

  /** Makes a row of differences a row of totals; returns the start time of the totals. */
  #addTotals(id: number, row: Row, width: number, startMs: number): number {
    const { floats } = this.#chains.records
    const { rows } = this.#index
    const at = this.#index.rowAt(id)
    if (this.#summed.length < width) this.#summed = new Float64Array(width * 2)
    for (let i = 0; i < width; i++) {
      const total = rows.floats[at + i]! + row.counts[row.at + i]!
      // Beyond this, totals are not exact; a counter may start again at any time.
      if (total > COUNT_MAX) return startMs
      this.#summed[i] = total
    }
    row.counts = this.#summed
    row.at = 0
    row.count += floats[id * 8 + DELTA]!
    if (row.hasSum) row.sum += floats[id * 8 + VALUE]!
    return floats[id * 8 + START]!
  }

  /** True when the row is the stream's newest now. */
  #addRow(
    id: number,
    timeMs: number,
    startMs: number,
    layout: RowLayout,
    fresh: boolean,
    row: Row | undefined,
    tally: IngestTally,
  ): boolean {
    const index = this.#index
    const last = this.#chains.records.floats[id * 8 + TIME]!
    if (timeMs <= last) {
      this.#insertRow(id, timeMs, startMs, layout, row, last, tally)
      return false
    }
    if (fresh) {
      index.setRow(id, layout.width, layout.kind === 'explicit' ? layout.bounds : 0)
      // Prometheus counts each bucket, the sum and the count; a native histogram is one series.
      index.setCounted(id, layout.kind === 'explicit' ? layout.width + 2 : 1)
    }
    const { floats } = index.rows
    const at = this.#timeIndex(id, timeMs)
    appendRow(this.#chains, id, at, timeMs, startMs, layout, row, floats, index.rowAt(id), fresh)
    tally.accepted++
    return true
  }

  #insertRow(
    id: number,
    timeMs: number,
    startMs: number,
    layout: RowLayout,
    row: Row | undefined,
    lastMs: number,
    tally: IngestTally,
  ): void {
    if (timeMs < lastMs - this.#outOfOrderMs) {
      tally.reject('out_of_order')
      return
    }
    const { records, columns } = this.#chains
    const column = columns[records.ints[id * 16 + RESOURCE]!]!
    const sample = { timeMs, startMs, layout, row, index: -1 }
    const { rows } = this.#index
    const outcome = insertRow(this.#chains, id, column, sample, rows.floats, this.#index.rowAt(id))
    if (outcome === 'differs') tally.reject('duplicate')
    else tally.accepted++
  }

  #timeIndex(id: number, timeMs: number): number {
    const { records, columns } = this.#chains
    const column = columns[records.ints[id * 16 + RESOURCE]!]!
    return column.lastTimeMs === timeMs ? column.lastIndex : column.indexOf(timeMs)
  }

  /** The layout of rows with these bounds; made once, as every point of a histogram needs it. */
  #explicit(bounds: number): RowLayout {
    let layout = this.#explicitLayouts[bounds]
    if (layout === undefined) {
      layout = { kind: 'explicit', bounds, width: this.#bounds.get(bounds).texts.length }
      this.#explicitLayouts[bounds] = layout
    }
    return layout
  }

  /** The number of a point's bucket bounds. */
  #boundsOf(batch: PointBatch, point: number): number {
    const low = batch.boundsHashLow[point]!
    const high = batch.boundsHashHigh[point]!
    const known = this.#bounds.find(low, high)
    if (known !== -1) return known
    const start = batch.boundsStart[point]!
    const values = new Float64Array((batch.boundsEnd[point]! - start) / 8)
    for (let i = 0; i < values.length; i++) values[i] = batch.view.getFloat64(start + i * 8, true)
    return this.#bounds.add(low, high, values)
  }
}
