import type { SampleBuffer } from '@chokepoint/promql'
import { type BlockChains, OP_STALE } from './block-chain.ts'
import { NO_BLOCK } from './block-pool.ts'
import {
  HEAD,
  POSITION,
  POSITION_MASK,
  RUN_BIT,
  START,
  TAIL,
  TIME,
  VALUE,
} from './stream-records.ts'
import type { TimeColumn } from './time-column.ts'

/**
 * Appends the newest sample of a stream of numbers from its record, without reading a block. False when the
 * record does not tell: the newest sample is out of the window, or may be a stale marker.
 */
export function pushNewest(
  { records, pool }: BlockChains,
  id: number,
  fromMs: number,
  toMs: number,
  into: SampleBuffer,
): boolean {
  const { floats, ints } = records
  const timeMs = floats[id * 8 + TIME]!
  const tail = ints[id * 16 + TAIL]!
  if (tail === NO_BLOCK || timeMs < fromMs || timeMs > toMs) return false
  const position = ints[id * 16 + POSITION]!
  const last = pool.slab(tail).bytes[pool.offset(tail) + (position & POSITION_MASK) - 1]
  // The last byte of a value may look like the marker too; then the block is read.
  if ((position & RUN_BIT) === 0 && last === OP_STALE) return false
  into.pushFloat(timeMs, floats[id * 8 + VALUE]!)
  const startMs = floats[id * 8 + START]!
  if (startMs !== 0) into.setStartTime(startMs)
  return true
}

/**
 * From when on a stream must be read to meet its newest sample at or before `toMs`: not the whole window, only
 * the block that may hold it and the one before.
 */
export function readableFromMs(
  chains: BlockChains,
  id: number,
  column: TimeColumn,
  fromMs: number,
  toMs: number,
): number {
  let newestMs = fromMs
  let block = chains.records.ints[id * 16 + HEAD]!
  for (; block !== NO_BLOCK; block = chains.next(block)) {
    const lastMs = chains.lastTimeMs(id, block, column)
    if (lastMs > toMs) break
    if (lastMs > newestMs) newestMs = lastMs
  }
  return newestMs
}
