import { type BlockPool, NO_BLOCK, type Slab } from './block-pool.ts'
import {
  DELTA,
  HEAD,
  INDEX,
  POSITION,
  POSITION_MASK,
  START,
  STEP,
  type StreamRecords,
  TAIL,
  TIME,
  VALUE,
} from './stream-records.ts'
import type { TimeColumn } from './time-column.ts'

// A stream's samples are a chain of blocks. A block begins with the state that its first sample is
// relative to, so each can be read without those before it, and the oldest can be dropped:
//
//     bytes  0-3   next block             |   8-15  value (or sum)      |  32-35  time index
//            4-7   bytes used, when full  |  16-23  delta (or count)    |  36-39  time step
//                                         |  24-31  start time          |  40-    samples
export const HEADER_BYTES = 40

/** Codes that stand before a sample, or for one, in all kinds of streams. */
export const OP_SAME_BITS = 0xf0
export const OP_STEP = 0xf1
export const OP_START = 0xf2
export const OP_STALE = 0xf3
export const OP_LAYOUT = 0xf4
/** Room that the codes before a sample can take: a new step and a new start. */
export const PREFIX_BYTES_MAX = 16

/** The state that samples are relative to, while blocks are read. */
export interface BlockState {
  value: number
  delta: number
  start: number
  index: number
  step: number
}

/** The blocks of all streams of a tenant. */
export class BlockChains {
  readonly pool: BlockPool
  readonly records: StreamRecords
  readonly columns: (TimeColumn | undefined)[]

  constructor(pool: BlockPool, records: StreamRecords, columns: (TimeColumn | undefined)[]) {
    this.pool = pool
    this.records = records
    this.columns = columns
  }

  /** Begins a block at the end of a stream; it starts from the record's present state. */
  extend(id: number, blockClass: number): number {
    const { pool, records } = this
    const block = pool.allocate(blockClass)
    const slab = pool.slab(block)
    const at = pool.offset(block)
    const { floats, ints } = records
    const record = id * 16
    const tail = ints[record + TAIL]!
    if (tail === NO_BLOCK) ints[record + HEAD] = block
    else {
      const tailInts = pool.slab(tail).ints
      const tailAt = pool.offset(tail) >> 2
      tailInts[tailAt] = block
      tailInts[tailAt + 1] = ints[record + POSITION]! & POSITION_MASK
    }
    slab.ints[at >> 2] = NO_BLOCK
    slab.ints[(at >> 2) + 1] = 0
    slab.ints[(at >> 2) + 8] = ints[record + INDEX]!
    slab.ints[(at >> 2) + 9] = ints[record + STEP]!
    slab.floats[(at >> 3) + 1] = floats[id * 8 + VALUE]!
    slab.floats[(at >> 3) + 2] = floats[id * 8 + DELTA]!
    slab.floats[(at >> 3) + 3] = floats[id * 8 + START]!
    ints[record + TAIL] = block
    ints[record + POSITION] = HEADER_BYTES
    return block
  }

  /** The block behind one. */
  next(block: number): number {
    return this.pool.slab(block).ints[this.pool.offset(block) >> 2]!
  }

  /** Where a block's samples end, counted from its begin. */
  used(id: number, block: number): number {
    const { ints } = this.records
    if (ints[id * 16 + TAIL] === block) return ints[id * 16 + POSITION]! & POSITION_MASK
    return this.pool.slab(block).ints[(this.pool.offset(block) >> 2) + 1]!
  }

  /** The state that a block's first sample is relative to. */
  state(block: number): BlockState {
    const slab: Slab = this.pool.slab(block)
    const at = this.pool.offset(block)
    return {
      value: slab.floats[(at >> 3) + 1]!,
      delta: slab.floats[(at >> 3) + 2]!,
      start: slab.floats[(at >> 3) + 3]!,
      index: slab.ints[(at >> 2) + 8]!,
      step: slab.ints[(at >> 2) + 9]!,
    }
  }

  /** The time of the last sample in a block. */
  lastTimeMs(id: number, block: number, column: TimeColumn): number {
    const next = this.next(block)
    if (next === NO_BLOCK) return this.records.floats[id * 8 + TIME]!
    // A block remembers the time index of the sample before its first one: this block's last.
    return column.timeAt(this.pool.slab(next).ints[(this.pool.offset(next) >> 2) + 8]!)
  }

  /** The first block of a stream whose newest sample is at or after `fromMs`; NO_BLOCK when there is none. */
  firstSince(id: number, fromMs: number, column: TimeColumn): number {
    let block = this.records.ints[id * 16 + HEAD]!
    while (block !== NO_BLOCK && this.lastTimeMs(id, block, column) < fromMs) {
      block = this.next(block)
    }
    return block
  }

  /** Takes the blocks from `first` on off a stream and frees them; the record is not rewound. */
  cut(id: number, first: number): void {
    const { ints } = this.records
    const record = id * 16
    let before = NO_BLOCK
    for (let block = ints[record + HEAD]!; block !== first; block = this.next(block)) before = block
    for (let block = first; block !== NO_BLOCK; ) {
      const next = this.next(block)
      this.pool.release(block)
      block = next
    }
    ints[record + TAIL] = before
    if (before === NO_BLOCK) ints[record + HEAD] = NO_BLOCK
    else {
      const slab = this.pool.slab(before)
      const at = this.pool.offset(before) >> 2
      slab.ints[at] = NO_BLOCK
      // The next append finds no room here and begins a block of its own.
      ints[record + POSITION] = slab.ints[at + 1]!
    }
  }

  /** Frees the blocks whose newest sample is before `cutoffMs`; true when none is left. */
  dropBefore(id: number, cutoffMs: number, column: TimeColumn): boolean {
    const { ints } = this.records
    const record = id * 16
    let block = ints[record + HEAD]!
    while (block !== NO_BLOCK && this.lastTimeMs(id, block, column) < cutoffMs) {
      const next = this.next(block)
      this.pool.release(block)
      block = next
      ints[record + HEAD] = block
    }
    if (block !== NO_BLOCK) return false
    ints[record + TAIL] = NO_BLOCK
    // The next sample is its first, whatever its time is: there is none to put it before.
    this.records.floats[id * 8 + TIME] = Number.NEGATIVE_INFINITY
    return true
  }
}
