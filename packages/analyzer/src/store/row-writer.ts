import { type BlockChains, HEADER_BYTES, OP_STALE, OP_START, OP_STEP } from './block-chain.ts'
import { BlockPool, NO_BLOCK } from './block-pool.ts'
import { writeDouble, writeXor, writeZigzag } from './byte-codec.ts'
import { doublesOf, hasFractions } from './made-row.ts'
import {
  HAS_EXCESS,
  HAS_SUM,
  OP_ROW,
  type Row,
  type RowLayout,
  SUM_WHOLE,
  SUM_XOR,
  writeLayout,
} from './row-layout.ts'
import {
  DELTA,
  INDEX,
  POSITION,
  POSITION_MASK,
  RUN_BIT,
  START,
  STEP,
  SUM_BIT,
  TAIL,
  TIME,
  VALUE,
} from './stream-records.ts'

const RUN_MAX = 64
const WHOLE_MAX = 2 ** 50
const ROW_BYTES_MAX = 16_384 - HEADER_BYTES
const scratch = new Uint8Array(ROW_BYTES_MAX + 64)

/**
 * Appends a row that is newer than the stream's newest; `previous` holds the newest row at `previousAt` and
 * takes the new one. `fresh` says that the layout changed: previous is all zero then.
 */
export function appendRow(
  chains: BlockChains,
  id: number,
  index: number,
  timeMs: number,
  startMs: number,
  layout: RowLayout,
  row: Row | undefined,
  previous: Float64Array,
  previousAt: number,
  fresh: boolean,
): void {
  const { floats, ints } = chains.records
  const record = id * 16
  const block = ints[record + TAIL]!
  if (block === NO_BLOCK) {
    floats[id * 8 + VALUE] = 0
    ints[record + INDEX] = index - ints[record + STEP]!
  }
  const position = ints[record + POSITION]!
  const plain =
    block !== NO_BLOCK &&
    index - ints[record + INDEX]! === ints[record + STEP] &&
    startMs === floats[id * 8 + START]
  if (
    plain &&
    !fresh &&
    row !== undefined &&
    sameRow(chains, id, row, layout.width, previous, previousAt)
  ) {
    if (lengthenRun(chains, id, block, position)) {
      ints[record + INDEX] = index
      floats[id * 8 + TIME] = timeMs
      return
    }
  }
  let length = encodeRow(chains, id, index, startMs, layout, row, previous, previousAt, fresh)
  let target = block
  if (block === NO_BLOCK || (position & POSITION_MASK) + length > BlockPool.bytesOf(block)) {
    // A block must be readable without those before it, so its first row is a whole one.
    previous.fill(0, previousAt, previousAt + layout.width)
    target = chains.extend(id, blockClassFor(doublesOf(layout)))
    length = encodeRow(chains, id, index, startMs, layout, row, previous, previousAt, true)
  }
  const { bytes } = chains.pool.slab(target)
  const at = chains.pool.offset(target) + (ints[record + POSITION]! & POSITION_MASK)
  for (let i = 0; i < length; i++) bytes[at + i] = scratch[i]!
  let flags = 0
  if (row !== undefined) {
    for (let i = 0; i < layout.width; i++) previous[previousAt + i] = row.counts[row.at + i]!
    if (row.hasSum) {
      floats[id * 8 + VALUE] = row.sum
      flags = SUM_BIT
    }
    floats[id * 8 + DELTA] = row.count
  }
  ints[record + POSITION] = ((ints[record + POSITION]! & POSITION_MASK) + length) | flags
  ints[record + STEP] = index - ints[record + INDEX]!
  ints[record + INDEX] = index
  floats[id * 8 + START] = startMs
  floats[id * 8 + TIME] = timeMs
}

function sameRow(
  chains: BlockChains,
  id: number,
  row: Row,
  width: number,
  previous: Float64Array,
  previousAt: number,
): boolean {
  const { floats, ints } = chains.records
  const hadSum = (ints[id * 16 + POSITION]! & SUM_BIT) !== 0
  if (row.hasSum !== hadSum || row.count !== floats[id * 8 + DELTA]) return false
  if (hadSum && !Object.is(row.sum, floats[id * 8 + VALUE])) return false
  for (let i = 0; i < width; i++) {
    if (row.counts[row.at + i] !== previous[previousAt + i]) return false
  }
  return true
}

/** Says "one more like the one before"; false when the block has no room for that. */
function lengthenRun(chains: BlockChains, id: number, block: number, position: number): boolean {
  const { ints } = chains.records
  const { bytes } = chains.pool.slab(block)
  const used = position & POSITION_MASK
  const at = chains.pool.offset(block) + used
  if ((position & RUN_BIT) !== 0 && bytes[at - 1]! < RUN_MAX - 1) {
    bytes[at - 1]!++
    return true
  }
  if (used + 1 > BlockPool.bytesOf(block)) return false
  bytes[at] = 0
  ints[id * 16 + POSITION] = (used + 1) | (position & SUM_BIT) | RUN_BIT
  return true
}

/** Writes a row, or a stale marker when there is none, into the scratch; returns its length. */
function encodeRow(
  chains: BlockChains,
  id: number,
  index: number,
  startMs: number,
  layout: RowLayout,
  row: Row | undefined,
  previous: Float64Array,
  previousAt: number,
  fresh: boolean,
): number {
  const { floats, ints } = chains.records
  const step = index - ints[id * 16 + INDEX]!
  let at = 0
  if (fresh) at = writeLayout(scratch, at, layout)
  if (step !== ints[id * 16 + STEP]) {
    scratch[at++] = OP_STEP
    at = writeZigzag(scratch, at, step)
  }
  if (startMs !== floats[id * 8 + START]) {
    scratch[at++] = OP_START
    at = writeDouble(scratch, at, startMs)
  }
  if (row === undefined) {
    scratch[at++] = OP_STALE
    return at
  }
  const head = at++
  let bits = OP_ROW
  if (row.hasSum) {
    bits |= HAS_SUM
    const before = floats[id * 8 + VALUE]!
    const sumAt = at
    at = writeSum(at, before, row.sum)
    if (at !== sumAt) bits |= scratch[sumAt]! === WHOLE_MARK ? SUM_WHOLE : SUM_XOR
  }
  return writeCounts(head, at, bits, layout, row, previous, previousAt)
}

// Behind the shapes that writeXor uses (0 to 63), so the two are told apart.
const WHOLE_MARK = 0xff

function writeSum(start: number, before: number, sum: number): number {
  const whole =
    Number.isInteger(sum) &&
    Number.isInteger(before) &&
    Math.abs(sum) < WHOLE_MAX &&
    Math.abs(before) < WHOLE_MAX &&
    sum !== before &&
    !Object.is(sum, -0) &&
    !Object.is(before, -0)
  if (!whole) return writeXor(scratch, start, 0, before, sum)
  scratch[start] = WHOLE_MARK
  return writeZigzag(scratch, start + 1, sum - before)
}

function writeCounts(
  head: number,
  start: number,
  bits: number,
  layout: RowLayout,
  row: Row,
  previous: Float64Array,
  previousAt: number,
): number {
  const { counts } = row
  const { width } = layout
  const fractions = hasFractions(layout)
  let at = start
  let total = 0
  for (let i = 0; i < width; i++) total += counts[row.at + i]!
  if (total === row.count) scratch[head] = bits
  else {
    scratch[head] = bits | HAS_EXCESS
    at = writeDouble(scratch, at, row.count)
  }
  const map = at
  at += (width + 7) >> 3
  for (let i = map; i < at; i++) scratch[i] = 0
  for (let i = 0; i < width; i++) {
    const change = counts[row.at + i]! - previous[previousAt + i]!
    if (change === 0) continue
    scratch[map + (i >> 3)]! |= 1 << (i & 7)
    if (fractions) at = writeDouble(scratch, at, counts[row.at + i]!)
    else if (change >= -64 && change < 64) scratch[at++] = change < 0 ? -2 * change - 1 : 2 * change
    else at = writeZigzag(scratch, at, change)
  }
  return at
}

/** The block class that holds a few of the widest rows of so many columns. */
function blockClassFor(width: number): number {
  const rowBytes = 96 + width * 8 + ((width + 7) >> 3)
  const roomy = BlockPool.classFor(HEADER_BYTES + rowBytes * 2)
  return roomy >= 0 ? roomy : BlockPool.classFor(HEADER_BYTES + rowBytes)
}
