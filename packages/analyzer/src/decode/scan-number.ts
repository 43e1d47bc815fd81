import { hashBytes } from './hash-bytes.ts'
import { POINT_NO_VALUE, type PointBatch } from './point-batch.ts'
import { rareFieldFlags } from './rare-field.ts'
import { malformedBody, readTimeMs, WireReader } from './wire-reader.ts'

// NumberDataPoint: 2 start_time_unix_nano  3 time_unix_nano  4 as_double  5 exemplars  6 as_int  7 attributes  8 flags
const START_TIME = 0x11
const TIME = 0x19
const AS_DOUBLE = 0x21
const EXEMPLARS = 0x2a
const AS_INT = 0x31
const ATTRIBUTES = 0x3a
const FLAGS = 0x40

/** Reads a `NumberDataPoint` in [start, end); `lanes` hold the metric's hash and are used up. */
export function scanNumberPoint(
  batch: PointBatch,
  start: number,
  end: number,
  lanes: Int32Array,
): void {
  const { bytes, view } = batch
  let time = 0
  let startTime = 0
  let value = 0
  let hasValue = false
  let flags = 0
  let at = start
  while (at < end) {
    // Known tags and most lengths are one byte: this loop is the hottest of the analyzer.
    const tag = bytes[at++]!
    if (tag === ATTRIBUTES) {
      let length = bytes[at++]!
      if (length >= 0x80) {
        const reader = new WireReader(bytes, at - 1, end, view)
        length = reader.varint()
        at = reader.at
      }
      // Not `at + length > end`: a length read behind the end is undefined, the sum NaN.
      if (!(at + length <= end)) throw malformedBody('an attribute is cut off', at)
      hashBytes(view, at, at + length, lanes)
      at += length
    } else if (tag === TIME) {
      time = readTimeMs(view, at)
      at += 8
    } else if (tag === START_TIME) {
      startTime = readTimeMs(view, at)
      at += 8
    } else if (tag === AS_DOUBLE) {
      value = view.getFloat64(at, true)
      hasValue = true
      at += 8
    } else if (tag === AS_INT) {
      value = view.getInt32(at + 4, true) * 4294967296 + view.getUint32(at, true)
      hasValue = true
      at += 8
    } else {
      const reader = new WireReader(bytes, at - 1, end, view)
      flags |= rareFieldFlags(reader, reader.tag(), FLAGS, EXEMPLARS)
      at = reader.at
    }
  }
  if (at !== end) throw malformedBody('a data point is cut off', at)
  if (!hasValue && (flags & POINT_NO_VALUE) === 0) {
    batch.refuse('a number data point has neither as_double nor as_int')
    return
  }
  const point = batch.points++
  batch.pointStart[point] = start
  batch.pointEnd[point] = end
  batch.pointFlags[point] = flags
  batch.hashLow[point] = lanes[0]!
  batch.hashHigh[point] = lanes[1]!
  batch.timeMs[point] = time
  batch.startMs[point] = startTime
  batch.value[point] = value
}
