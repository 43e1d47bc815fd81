import {
  type BlockChains,
  HEADER_BYTES,
  OP_LAYOUT,
  OP_STALE,
  OP_START,
  OP_STEP,
} from './block-chain.ts'
import { NO_BLOCK } from './block-pool.ts'
import { type Cursor, readDouble, readXor, readZigzag } from './byte-codec.ts'
import { hasFractions } from './made-row.ts'
import {
  HAS_EXCESS,
  HAS_SUM,
  OP_ROW,
  type RowLayout,
  readLayout,
  SUM_WHOLE,
  SUM_XOR,
} from './row-layout.ts'
import type { TimeColumn } from './time-column.ts'

/** Takes the rows of a stream, in order; `counts` is only good during the call. */
export interface RowSink {
  layout(layout: RowLayout): void
  row(
    timeMs: number,
    counts: Float64Array,
    sum: number,
    count: number,
    hasSum: boolean,
    startMs: number,
    index: number,
  ): void
  stale(timeMs: number, startMs: number, index: number): void
}

/** Reads the rows of a stream in [fromMs, toMs]. */
export function readRows(
  chains: BlockChains,
  id: number,
  column: TimeColumn,
  fromMs: number,
  toMs: number,
  sink: RowSink,
): void {
  let block = chains.firstSince(id, fromMs, column)
  for (; block !== NO_BLOCK; block = chains.next(block)) {
    if (!readBlock(chains, id, block, column, fromMs, toMs, sink)) return
  }
}

function readBlock(
  chains: BlockChains,
  id: number,
  block: number,
  column: TimeColumn,
  fromMs: number,
  toMs: number,
  sink: RowSink,
): boolean {
  const { bytes } = chains.pool.slab(block)
  const base = chains.pool.offset(block)
  const end = base + chains.used(id, block)
  let { value: sum, start, index, step } = chains.state(block)
  const cursor: Cursor = { at: base + HEADER_BYTES }
  let counts = new Float64Array(0)
  let count = 0
  let hasSum = false
  let fractions = false
  while (cursor.at < end) {
    const op = bytes[cursor.at++]!
    if (op === OP_STEP) {
      step = readZigzag(bytes, cursor)
      continue
    }
    if (op === OP_START) {
      start = readDouble(bytes, cursor)
      continue
    }
    if (op === OP_LAYOUT) {
      const layout = readLayout(bytes, cursor)
      counts = new Float64Array(layout.width)
      fractions = hasFractions(layout)
      sink.layout(layout)
      continue
    }
    let repeat = 1
    if (op < OP_ROW) repeat = op + 1
    else if (op !== OP_STALE) {
      hasSum = (op & HAS_SUM) !== 0
      if ((op & SUM_XOR) !== 0) sum = readXor(bytes, cursor, bytes[cursor.at++]!, sum)
      else if ((op & SUM_WHOLE) !== 0) {
        cursor.at++
        sum += readZigzag(bytes, cursor)
      }
      count = (op & HAS_EXCESS) !== 0 ? readDouble(bytes, cursor) : Number.NaN
      readCounts(bytes, cursor, counts, fractions)
    }
    for (let i = 0; i < repeat; i++) {
      index += step
      const time = column.timeAt(index)
      if (time > toMs) return false
      if (time < fromMs) continue
      if (op === OP_STALE) {
        sink.stale(time, start, index)
        continue
      }
      // Only rows that are handed out are added up: most of a block is before the window of a rule.
      if (Number.isNaN(count)) count = sumOf(counts)
      sink.row(time, counts, sum, count, hasSum, start, index)
    }
  }
  return true
}

function sumOf(counts: Float64Array): number {
  let total = 0
  for (let i = 0; i < counts.length; i++) total += counts[i]!
  return total
}

function readCounts(
  bytes: Uint8Array,
  cursor: Cursor,
  counts: Float64Array,
  fractions: boolean,
): void {
  const width = counts.length
  const map = cursor.at
  cursor.at += (width + 7) >> 3
  for (let first = 0; first < width; first += 8) {
    for (let bits = bytes[map + (first >> 3)]!; bits !== 0; bits &= bits - 1) {
      const bucket = first + 31 - Math.clz32(bits & -bits)
      if (fractions) counts[bucket] = readDouble(bytes, cursor)
      else counts[bucket]! += readZigzag(bytes, cursor)
    }
  }
}
