import { OP_LAYOUT } from './block-chain.ts'
import {
  type Cursor,
  readDouble,
  readVarint,
  readZigzag,
  writeDouble,
  writeVarint,
  writeZigzag,
} from './byte-codec.ts'

// A row is one point of a histogram: all its buckets, side by side. Most buckets of most rows are as
// they were, so a row says which changed and by how much:
//
//     0x00-0x3f   1 to 64 rows like the one before
//     0x40-0x4f   a row; bits: 1 has a sum, 2 the count is not the buckets' total,
//                 12 the sum: 0 as before, 4 bits that differ follow (writeXor), 8 whole difference follows
//                 then [sum] [count - total] [bit per bucket that changed] [difference of each of those]
//                 of histograms that rules made, the buckets that changed follow as they are, as doubles
//     0xf1-0xf3   step, start, stale marker: as in a stream of numbers
//     0xf4        a layout follows; buckets count from zero again. Every block begins with one.

/** Below this stands a run: the code is one less than how many rows there are of it. */
export const OP_ROW = 0x40
/** Bits of the code of a row. */
export const HAS_SUM = 1
export const HAS_EXCESS = 2
export const SUM_XOR = 4
export const SUM_WHOLE = 8

/** What the columns of a row are. Columns of an exponential row are: zero count, positive, negative. */
export type RowLayout =
  | { readonly kind: 'explicit'; readonly bounds: number; readonly width: number }
  | {
      readonly kind: 'exponential'
      readonly scale: number
      readonly zeroThreshold: number
      readonly positiveOffset: number
      readonly positiveLength: number
      readonly negativeOffset: number
      readonly negativeLength: number
      readonly width: number
      /** Of histograms that rules made. */
      readonly made?: MadeLayout
    }

/** What OTLP's histograms have not: rules make ones of fractions of observations, and with bounds of their own. */
export interface MadeLayout {
  /** Whether the counts may fall: no counter, and so no resets. */
  readonly gauge: boolean
  readonly customBounds: Float64Array | undefined
}

/** A row to append: `counts[at, at + layout.width)`. */
export interface Row {
  counts: Float64Array
  at: number
  sum: number
  count: number
  hasSum: boolean
}

/** The most buckets a row can have: each may take nine bytes and a bit in the largest block. */
export const ROW_WIDTH_MAX = 1700

/** What follows the code of a layout. */
const EXPLICIT = 0
const SENT = 1
const MADE_COUNTER = 2
const MADE_GAUGE = 3

/** Writes a layout behind its code; returns where it ends. */
export function writeLayout(bytes: Uint8Array, start: number, layout: RowLayout): number {
  bytes[start] = OP_LAYOUT
  let at = start + 1
  if (layout.kind === 'explicit') {
    at = writeVarint(bytes, at, EXPLICIT)
    at = writeVarint(bytes, at, layout.bounds)
    return writeVarint(bytes, at, layout.width)
  }
  const { made } = layout
  at = writeVarint(bytes, at, made === undefined ? SENT : made.gauge ? MADE_GAUGE : MADE_COUNTER)
  at = writeZigzag(bytes, at, layout.scale)
  at = writeDouble(bytes, at, layout.zeroThreshold)
  at = writeZigzag(bytes, at, layout.positiveOffset)
  at = writeVarint(bytes, at, layout.positiveLength)
  at = writeZigzag(bytes, at, layout.negativeOffset)
  at = writeVarint(bytes, at, layout.negativeLength)
  return made === undefined ? at : writeBounds(bytes, at, made.customBounds)
}

/** The count of bounds and one, then the bounds; 0 is none at all. */
function writeBounds(bytes: Uint8Array, start: number, bounds: Float64Array | undefined): number {
  let at = writeVarint(bytes, start, bounds === undefined ? 0 : bounds.length + 1)
  for (const bound of bounds ?? []) at = writeDouble(bytes, at, bound)
  return at
}

function readBounds(bytes: Uint8Array, cursor: Cursor): Float64Array | undefined {
  const length = readVarint(bytes, cursor)
  if (length === 0) return undefined
  return Float64Array.from({ length: length - 1 }, () => readDouble(bytes, cursor))
}

/** Reads what `writeLayout` wrote, but the code. */
export function readLayout(bytes: Uint8Array, cursor: Cursor): RowLayout {
  const kind = readVarint(bytes, cursor)
  if (kind === EXPLICIT) {
    const bounds = readVarint(bytes, cursor)
    return { kind: 'explicit', bounds, width: readVarint(bytes, cursor) }
  }
  const scale = readZigzag(bytes, cursor)
  const zeroThreshold = readDouble(bytes, cursor)
  const positiveOffset = readZigzag(bytes, cursor)
  const positiveLength = readVarint(bytes, cursor)
  const negativeOffset = readZigzag(bytes, cursor)
  const negativeLength = readVarint(bytes, cursor)
  return {
    kind: 'exponential',
    scale,
    zeroThreshold,
    positiveOffset,
    positiveLength,
    negativeOffset,
    negativeLength,
    width: 1 + positiveLength + negativeLength,
    ...(kind === SENT
      ? {}
      : { made: { gauge: kind === MADE_GAUGE, customBounds: readBounds(bytes, cursor) } }),
  }
}
