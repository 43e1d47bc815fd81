import { hashBytes } from './hash-bytes.ts'
import { COUNT_MAX, POINT_HAS_SUM, type PointBatch } from './point-batch.ts'
import { rareFieldFlags } from './rare-field.ts'
import { malformedBody, readFixed64, readTimeMs, WireReader } from './wire-reader.ts'

// HistogramDataPoint: 2 start_time  3 time  4 count  5 sum  6 bucket_counts  7 explicit_bounds
//                     8 exemplars  9 attributes  10 flags  11 min  12 max
const START_TIME = 0x11
const TIME = 0x19
const COUNT = 0x21
const SUM = 0x29
const BUCKETS_PACKED = 0x32
const BUCKET = 0x31
const BOUNDS_PACKED = 0x3a
const BOUND = 0x39
const EXEMPLARS = 0x42
const ATTRIBUTES = 0x4a
const FLAGS = 0x50
const MIN = 0x59
const MAX = 0x61

/** Where the fields of any histogram or summary point lie; the rest of its bytes is read on demand. */
interface PointTags {
  readonly attributes: number
  readonly exemplars: number
  readonly flags: number
}

/** Reads a `HistogramDataPoint` in [start, end); `lanes` hold the metric's hash and are used up. */
export function scanHistogramPoint(
  batch: PointBatch,
  start: number,
  end: number,
  lanes: Int32Array,
  bucketsMax: number,
): void {
  const { bytes, view } = batch
  let time = 0
  let startTime = 0
  let sum = 0
  let count = 0
  let flags = 0
  let boundsStart = start
  let boundsEnd = start
  let looseBounds = false
  const bucketsAt = batch.bucketsUsed
  let at = start
  while (at < end) {
    const tag = bytes[at++]!
    if (tag === TIME || tag === START_TIME || tag === COUNT) {
      if (tag === TIME) time = readTimeMs(view, at)
      else if (tag === START_TIME) startTime = readTimeMs(view, at)
      else count = readFixed64(view, at)
      at += 8
    } else if (tag === ATTRIBUTES || tag === BUCKETS_PACKED || tag === BOUNDS_PACKED) {
      let length = bytes[at++]!
      if (length >= 0x80) {
        const reader = new WireReader(bytes, at - 1, end, view)
        length = reader.varint()
        at = reader.at
      }
      if (!(at + length <= end)) throw malformedBody('a field is cut off', at)
      if (tag === ATTRIBUTES) hashBytes(view, at, at + length, lanes)
      else if (tag === BUCKETS_PACKED) addBuckets(batch, at, length)
      else if (boundsEnd > boundsStart) looseBounds = true
      else {
        boundsStart = at
        boundsEnd = at + length
      }
      at += length
    } else if (tag === SUM) {
      sum = view.getFloat64(at, true)
      flags |= POINT_HAS_SUM
      at += 8
    } else if (tag === MIN || tag === MAX) at += 8
    else if (tag === BUCKET) {
      addBuckets(batch, at, 8)
      at += 8
    } else if (tag === BOUND) {
      // Unpacked bounds are legal and nobody sends them; they lie apart, so no byte range has them all.
      looseBounds = true
      at += 8
    } else {
      const reader = new WireReader(bytes, at - 1, end, view)
      flags |= rareFieldFlags(reader, reader.tag(), FLAGS, EXEMPLARS)
      at = reader.at
    }
  }
  if (at !== end) throw malformedBody('a data point is cut off', at)
  const bucketsLength = batch.bucketsUsed - bucketsAt
  const bounds = (boundsEnd - boundsStart) / 8
  const reason = looseBounds
    ? 'a histogram has explicit_bounds that are not packed'
    : histogramFault(batch, bucketsAt, bounds, bucketsMax)
  if (reason !== '') {
    batch.bucketsUsed = bucketsAt
    batch.refuse(reason)
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
  batch.value[point] = sum
  batch.count[point] = count
  batch.bucketsAt[point] = bucketsAt
  batch.bucketsLength[point] = bucketsLength
  batch.boundsStart[point] = boundsStart
  batch.boundsEnd[point] = boundsEnd
  lanes[0] = 0
  lanes[1] = 0
  hashBytes(view, boundsStart, boundsEnd, lanes)
  batch.boundsHashLow[point] = lanes[0]!
  batch.boundsHashHigh[point] = lanes[1]!
}

function addBuckets(batch: PointBatch, start: number, length: number): void {
  const { view } = batch
  if (length % 8 !== 0) throw malformedBody('bucket counts are not 8 bytes each', start)
  batch.reserveBuckets(length / 8)
  const { buckets } = batch
  let used = batch.bucketsUsed
  for (let at = start; at < start + length; at += 8) buckets[used++] = readFixed64(view, at)
  batch.bucketsUsed = used
}

/** "The number of elements in bucket_counts array must be by one greater than explicit_bounds", or both are empty. */
function histogramFault(
  batch: PointBatch,
  bucketsAt: number,
  bounds: number,
  bucketsMax: number,
): string {
  const buckets = batch.bucketsUsed - bucketsAt
  if (!Number.isInteger(bounds)) return 'explicit_bounds of a histogram are not 8 bytes each'
  if (buckets > bucketsMax) return `a histogram has ${buckets} buckets, more than ${bucketsMax}`
  if (buckets !== bounds + 1 && (buckets !== 0 || bounds !== 0)) {
    return `a histogram has ${buckets} bucket counts for ${bounds} bounds`
  }
  for (let i = bucketsAt; i < batch.bucketsUsed; i++) {
    if (batch.buckets[i]! > COUNT_MAX)
      return `a histogram has a bucket count of ${batch.buckets[i]}`
  }
  return ''
}

/** Reads an `ExponentialHistogramDataPoint`: hash, times and flags; its buckets are read when stored. */
export function scanExponentialPoint(
  batch: PointBatch,
  start: number,
  end: number,
  lanes: Int32Array,
): void {
  scanLazily(batch, start, end, lanes, { attributes: 0x0a, exemplars: 0x5a, flags: 0x50 })
}

/** Reads a `SummaryDataPoint`: hash, times and flags; its quantiles are read when stored. */
export function scanSummaryPoint(
  batch: PointBatch,
  start: number,
  end: number,
  lanes: Int32Array,
): void {
  scanLazily(batch, start, end, lanes, { attributes: 0x3a, exemplars: -1, flags: 0x40 })
}

function scanLazily(
  batch: PointBatch,
  start: number,
  end: number,
  lanes: Int32Array,
  tags: PointTags,
): void {
  const reader = new WireReader(batch.bytes, start, end, batch.view)
  let time = 0
  let startTime = 0
  let flags = 0
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === tags.attributes) {
      const attributeEnd = reader.lengthEnd()
      hashBytes(batch.view, reader.at, attributeEnd, lanes)
      reader.at = attributeEnd
    } else if (tag === TIME || tag === START_TIME) {
      if (reader.at + 8 > end) throw malformedBody('a data point is cut off', reader.at)
      if (tag === TIME) time = readTimeMs(batch.view, reader.at)
      else startTime = readTimeMs(batch.view, reader.at)
      reader.at += 8
    } else flags |= rareFieldFlags(reader, tag, tags.flags, tags.exemplars)
  }
  const point = batch.points++
  batch.pointStart[point] = start
  batch.pointEnd[point] = end
  batch.pointFlags[point] = flags
  batch.hashLow[point] = lanes[0]!
  batch.hashHigh[point] = lanes[1]!
  batch.timeMs[point] = time
  batch.startMs[point] = startTime
  batch.value[point] = 0
}
