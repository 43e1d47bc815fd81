import {
  type BlockChains,
  HEADER_BYTES,
  OP_SAME_BITS,
  OP_STALE,
  OP_START,
  OP_STEP,
  PREFIX_BYTES_MAX,
} from './block-chain.ts'
import { BLOCK_BYTES, NO_BLOCK } from './block-pool.ts'
import {
  type Cursor,
  readDouble,
  readXor,
  readZigzag,
  writeDouble,
  writeXor,
  writeZigzag,
  XOR_BYTES_MAX,
} from './byte-codec.ts'
import { DECIMAL_CODES, readDecimal, writeDecimal } from './decimal-codec.ts'
import {
  DELTA,
  INDEX,
  POSITION,
  POSITION_MASK,
  RUN_BIT,
  START,
  STEP,
  TAIL,
  TIME,
  VALUE,
} from './stream-records.ts'
import type { TimeColumn } from './time-column.ts'

// One sample is one of these codes, in whole bytes because JavaScript has no cheap bit stream:
//
//     0x00-0x7f   whole number: the change of its delta, zigzag, in the code itself
//     0x80-0x86   whole number: the same in 1 to 7 bytes that follow
//     0x88-0x9f   a number of few decimals: its change in the last place (writeDecimal)
//     0xa0-0xdf   any double: the bits that differ from the sample before (writeXor)
//     0xe0-0xef   1 to 16 samples that go on by the same delta: constant values, even counters
//     0xf0        the same bits again (NaN)
//     0xf1 step   the next time is not one column step on, but this many; holds until changed
//     0xf2 start  a new start time, eight bytes
//     0xf3        a stale marker
const OP_WIDE = 0x80
const OP_DECIMAL = 0x88
const OP_XOR = OP_DECIMAL + DECIMAL_CODES
const OP_RUN = 0xe0
const RUN_MAX = 16
const INLINE_MAX = 0x80
/** Below this, differences of differences of whole numbers are exact. */
const WHOLE_MAX = 2 ** 50
const SAMPLE_BYTES_MAX = PREFIX_BYTES_MAX + XOR_BYTES_MAX
const NUMBER_CLASS = 0
const NUMBER_BLOCK_BYTES = BLOCK_BYTES[NUMBER_CLASS]

/** Takes the samples of a stream of numbers, in order. */
export interface NumberSink {
  /** `index` is the time's in the resource's column. */
  number(timeMs: number, value: number, startMs: number, index: number): void
  stale(timeMs: number, startMs: number, index: number): void
}

/** Appends a sample that is newer than the stream's newest. `index` is its time's in the column. */
export function appendNumber(
  chains: BlockChains,
  id: number,
  index: number,
  timeMs: number,
  startMs: number,
  value: number,
  stale: boolean,
): void {
  const { floats, ints } = chains.records
  const record = id * 16
  const record8 = id * 8
  let block = ints[record + TAIL]!
  if (
    block === NO_BLOCK ||
    (ints[record + POSITION]! & POSITION_MASK) + SAMPLE_BYTES_MAX > NUMBER_BLOCK_BYTES
  ) {
    if (block === NO_BLOCK) {
      floats[record8 + VALUE] = 0
      floats[record8 + DELTA] = 0
      ints[record + INDEX] = index - ints[record + STEP]!
    }
    block = chains.extend(id, NUMBER_CLASS)
  }
  const { bytes } = chains.pool.slab(block)
  const base = chains.pool.offset(block)
  const position = ints[record + POSITION]!
  let at = base + (position & POSITION_MASK)
  let run = (position & RUN_BIT) !== 0

  const step = index - ints[record + INDEX]!
  if (step !== ints[record + STEP]) {
    bytes[at++] = OP_STEP
    at = writeZigzag(bytes, at, step)
    ints[record + STEP] = step
    run = false
  }
  if (startMs !== floats[record8 + START]) {
    bytes[at++] = OP_START
    at = writeDouble(bytes, at, startMs)
    floats[record8 + START] = startMs
    run = false
  }
  ints[record + INDEX] = index
  floats[record8 + TIME] = timeMs
  if (stale) {
    bytes[at++] = OP_STALE
    ints[record + POSITION] = at - base
    return
  }
  const before = floats[record8 + VALUE]!
  const delta = floats[record8 + DELTA]!
  floats[record8 + VALUE] = value
  if (value === before + delta && (value !== 0 || Object.is(value, before + delta))) {
    if (run && bytes[at - 1]! < OP_RUN + RUN_MAX - 1) bytes[at - 1]!++
    else bytes[at++] = OP_RUN
    ints[record + POSITION] = (at - base) | RUN_BIT
    return
  }
  ints[record + POSITION] = writeValue(bytes, at, floats, record8, before, delta, value) - base
}

/** Writes a value that is not where its delta leads; returns where it ends. */
function writeValue(
  bytes: Uint8Array,
  start: number,
  floats: Float64Array,
  record8: number,
  before: number,
  delta: number,
  value: number,
): number {
  const step = value - before
  // Both whole, then the step is whole and exact. -0 is no whole number here: its sign would be lost.
  if (
    Number.isInteger(value) &&
    Number.isInteger(before) &&
    Math.abs(value) < WHOLE_MAX &&
    Math.abs(before) < WHOLE_MAX &&
    !Object.is(value, -0) &&
    !Object.is(before, -0)
  ) {
    // After a number that is no whole one the delta is zero, so it is whole here.
    const change = step - delta
    floats[record8 + DELTA] = step
    return writeChange(bytes, start, change < 0 ? -2 * change - 1 : 2 * change)
  }
  floats[record8 + DELTA] = 0
  let at = writeDecimal(bytes, start, OP_DECIMAL, before, value)
  if (at === start) at = writeXor(bytes, start, OP_XOR, before, value)
  if (at !== start) return at
  bytes[at] = OP_SAME_BITS
  return at + 1
}

function writeChange(bytes: Uint8Array, start: number, zigzag: number): number {
  let at = start
  if (zigzag < INLINE_MAX) {
    bytes[at++] = zigzag
    return at
  }
  const head = at++
  let rest = zigzag
  while (rest > 0xffffffff) {
    bytes[at++] = rest % 256
    rest = Math.floor(rest / 256)
  }
  while (rest > 0) {
    bytes[at++] = rest
    rest >>>= 8
  }
  bytes[head] = OP_WIDE + (at - head - 2)
  return at
}

/** Reads the samples of a stream from the block on whose newest sample is at or after `fromMs`. */
export function readNumbers(
  chains: BlockChains,
  id: number,
  column: TimeColumn,
  fromMs: number,
  toMs: number,
  sink: NumberSink,
): void {
  let block = chains.firstSince(id, fromMs, column)
  for (; block !== NO_BLOCK; block = chains.next(block)) {
    if (!readBlock(chains, id, block, column, fromMs, toMs, sink)) return
  }
}

/** Reads one block; false when a sample behind `toMs` was met. */
function readBlock(
  chains: BlockChains,
  id: number,
  block: number,
  column: TimeColumn,
  fromMs: number,
  toMs: number,
  sink: NumberSink,
): boolean {
  const { bytes } = chains.pool.slab(block)
  const base = chains.pool.offset(block)
  const end = base + chains.used(id, block)
  let { value, delta, start, index, step } = chains.state(block)
  const cursor: Cursor = { at: base + HEADER_BYTES }
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
    let repeat = 1
    if (op < OP_WIDE) {
      delta += unzigzag(op)
      value += delta
    } else if (op < OP_DECIMAL) {
      delta += unzigzag(readWide(bytes, cursor, op - OP_WIDE + 1))
      value += delta
    } else if (op < OP_XOR) {
      value = readDecimal(bytes, cursor, op - OP_DECIMAL, value)
      delta = 0
    } else if (op < OP_RUN) {
      value = readXor(bytes, cursor, op - OP_XOR, value)
      delta = 0
    } else if (op < OP_SAME_BITS) repeat = op - OP_RUN + 1
    else if (op === OP_SAME_BITS) delta = 0
    for (let i = 0; i < repeat; i++) {
      if (op >= OP_RUN && op < OP_SAME_BITS) value += delta
      index += step
      const time = column.timeAt(index)
      if (time > toMs) return false
      if (time < fromMs) continue
      if (op === OP_STALE) sink.stale(time, start, index)
      else sink.number(time, value, start, index)
    }
  }
  return true
}

function readWide(bytes: Uint8Array, cursor: Cursor, length: number): number {
  let value = 0
  let scale = 1
  for (let i = 0; i < length; i++) {
    value += bytes[cursor.at++]! * scale
    scale *= 256
  }
  return value
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}
