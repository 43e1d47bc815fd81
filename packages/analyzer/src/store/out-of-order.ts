import type { BlockChains } from './block-chain.ts'
import { NO_BLOCK } from './block-pool.ts'
import { sameLayout } from './exponential-row.ts'
import { appendNumber, readNumbers } from './number-codec.ts'
import type { Row, RowLayout } from './row-layout.ts'
import { readRows } from './row-reader.ts'
import { appendRow } from './row-writer.ts'
import { DELTA, HEAD, INDEX, START, STEP, TAIL, TIME, VALUE } from './stream-records.ts'
import type { TimeColumn } from './time-column.ts'

// A late sample is rare, so it is put in its place in the plain way: the samples from its block on are
// read, and written again with it.

/** `same`: the sample was there already; `differs`: another one has its time. */
export type InsertOutcome = 'inserted' | 'same' | 'differs'

interface NumberSample {
  readonly timeMs: number
  readonly startMs: number
  readonly value: number
  readonly stale: boolean
  readonly index: number
}

/** A row as it was read or is to be written; `row` is undefined for a stale marker. */
export interface RowSample {
  readonly timeMs: number
  readonly startMs: number
  readonly layout: RowLayout
  readonly row: Row | undefined
  readonly index: number
}

/** Puts a number among the samples of a stream. */
export function insertNumber(
  chains: BlockChains,
  id: number,
  column: TimeColumn,
  timeMs: number,
  startMs: number,
  value: number,
  stale: boolean,
): InsertOutcome {
  const first = blockAt(chains, id, column, timeMs)
  const samples: NumberSample[] = []
  const from = firstTimeOf(chains, id, first, column)
  readNumbers(chains, id, column, from, Number.POSITIVE_INFINITY, {
    number: (at, number, start, index) =>
      samples.push({ timeMs: at, startMs: start, value: number, stale: false, index }),
    stale: (at, start, index) =>
      samples.push({ timeMs: at, startMs: start, value: 0, stale: true, index }),
  })
  const at = samples.findIndex((sample) => sample.timeMs >= timeMs)
  const there = samples[at]
  if (there !== undefined && there.timeMs === timeMs) {
    const equal = stale ? there.stale : !there.stale && Object.is(there.value, value)
    return equal ? 'same' : 'differs'
  }
  const late = { timeMs, startMs, value, stale, index: column.indexOf(timeMs) }
  rewind(chains, id, column, first)
  for (const sample of samples.toSpliced(at, 0, late)) {
    const { index, timeMs: time, startMs: start, value: number } = sample
    appendNumber(chains, id, index, time, start, number, sample.stale)
  }
  return 'inserted'
}

/** Puts a row among the rows of a stream; `previous` at `previousAt` holds the newest row, and still does after. */
export function insertRow(
  chains: BlockChains,
  id: number,
  column: TimeColumn,
  sample: RowSample,
  previous: Float64Array,
  previousAt: number,
): InsertOutcome {
  const first = blockAt(chains, id, column, sample.timeMs)
  const samples = readRowSamples(chains, id, column, firstTimeOf(chains, id, first, column))
  const at = samples.findIndex(({ timeMs }) => timeMs >= sample.timeMs)
  const there = samples[at]
  if (there !== undefined && there.timeMs === sample.timeMs) {
    return sameRow(there, sample) ? 'same' : 'differs'
  }
  const late = { ...sample, index: column.indexOf(sample.timeMs) }
  rewind(chains, id, column, first)
  let layout: RowLayout | undefined
  let newest = new Float64Array(0)
  for (const next of samples.toSpliced(at, 0, late)) {
    const fresh = layout === undefined || !sameLayout(layout, next.layout)
    if (fresh) newest = new Float64Array(next.layout.width)
    layout = next.layout
    const { index, timeMs, startMs, row } = next
    appendRow(chains, id, index, timeMs, startMs, layout, row, newest, 0, fresh)
  }
  // The newest sample is the one it was, so its place has the right width.
  previous.set(newest, previousAt)
  return 'inserted'
}

function readRowSamples(
  chains: BlockChains,
  id: number,
  column: TimeColumn,
  fromMs: number,
): RowSample[] {
  const samples: RowSample[] = []
  let layout: RowLayout = { kind: 'explicit', bounds: 0, width: 0 }
  readRows(chains, id, column, fromMs, Number.POSITIVE_INFINITY, {
    layout: (next) => {
      layout = next
    },
    row: (timeMs, counts, sum, count, hasSum, startMs, index) => {
      const row = { counts: counts.slice(), at: 0, sum, count, hasSum }
      samples.push({ timeMs, startMs, layout, row, index })
    },
    stale: (timeMs, startMs, index) =>
      samples.push({ timeMs, startMs, layout, row: undefined, index }),
  })
  return samples
}

function sameRow(a: RowSample, b: RowSample): boolean {
  if (a.row === undefined || b.row === undefined) return a.row === b.row
  const { row } = b
  return (
    a.row.count === row.count &&
    a.row.hasSum === row.hasSum &&
    (!row.hasSum || Object.is(a.row.sum, row.sum)) &&
    sameLayout(a.layout, b.layout) &&
    a.row.counts.every((count, i) => count === row.counts[row.at + i])
  )
}

/** The block that a time belongs to. */
function blockAt(chains: BlockChains, id: number, column: TimeColumn, timeMs: number): number {
  let block = chains.records.ints[id * 16 + HEAD]!
  while (chains.next(block) !== NO_BLOCK && chains.lastTimeMs(id, block, column) < timeMs) {
    block = chains.next(block)
  }
  return block
}

/** A time at or before a block's first sample and behind the sample before it. */
function firstTimeOf(chains: BlockChains, id: number, block: number, column: TimeColumn): number {
  if (chains.records.ints[id * 16 + HEAD] === block) return Number.NEGATIVE_INFINITY
  return column.timeAt(chains.state(block).index) + 0.5
}

/** Takes a stream back to where it was before a block began. */
function rewind(chains: BlockChains, id: number, column: TimeColumn, first: number): void {
  const { floats, ints } = chains.records
  const state = chains.state(first)
  chains.cut(id, first)
  floats[id * 8 + VALUE] = state.value
  floats[id * 8 + DELTA] = state.delta
  floats[id * 8 + START] = state.start
  ints[id * 16 + INDEX] = state.index
  ints[id * 16 + STEP] = state.step
  const none = ints[id * 16 + TAIL] === NO_BLOCK
  floats[id * 8 + TIME] = none ? Number.NEGATIVE_INFINITY : column.timeAt(state.index)
}
