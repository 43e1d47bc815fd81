/** What a point is, in `PointBatch.kind` of its metric. */
export const KIND_GAUGE = 0
export const KIND_SUM = 1
export const KIND_HISTOGRAM = 2
export const KIND_EXPONENTIAL = 3
export const KIND_SUMMARY = 4

/** OTLP's `AggregationTemporality`. */
export const TEMPORALITY_DELTA = 1
export const TEMPORALITY_CUMULATIVE = 2

/** The largest bucket count that is taken: up to here, sums and differences of counts are exact. */
export const COUNT_MAX = 2 ** 50

/** Bits of `PointBatch.pointFlags`. */
export const POINT_NO_VALUE = 1
export const POINT_HAS_SUM = 2
export const POINT_HAS_EXEMPLARS = 4

/**
 * The points of one request as columns; what is not a number stays in the request's bytes, and columns
 * say where. Filled, read and emptied over and over: nothing is allocated for a point.
 *
 *     resource r   | bytes [resourceStart, resourceEnd) of the Resource message | hash |
 *     metric m     | resource | kind | temporality | monotonic | name, unit, description as byte ranges |
 *     point p      | metric | hash of resource, metric and attributes | time | start | value | bytes |
 *     histogram p  | value is the sum | count | buckets[bucketsAt, +bucketsLength) | bounds as bytes, hash |
 */
export class PointBatch {
  bytes: Uint8Array = new Uint8Array(0)
  view: DataView = new DataView(this.bytes.buffer)

  resources = 0
  resourceStart = new Int32Array(16)
  resourceEnd = new Int32Array(16)
  resourceHashLow = new Int32Array(16)
  resourceHashHigh = new Int32Array(16)

  metrics = 0
  metricResource = new Int32Array(64)
  metricKind = new Uint8Array(64)
  metricTemporality = new Uint8Array(64)
  metricMonotonic = new Uint8Array(64)
  nameStart = new Int32Array(64)
  nameEnd = new Int32Array(64)
  unitStart = new Int32Array(64)
  unitEnd = new Int32Array(64)
  descriptionStart = new Int32Array(64)
  descriptionEnd = new Int32Array(64)

  points = 0
  pointMetric = new Int32Array(256)
  pointStart = new Int32Array(256)
  pointEnd = new Int32Array(256)
  pointFlags = new Uint8Array(256)
  hashLow = new Int32Array(256)
  hashHigh = new Int32Array(256)
  /** Milliseconds since 1970. */
  timeMs = new Float64Array(256)
  /** Milliseconds since 1970; 0 when the sender does not say. */
  startMs = new Float64Array(256)
  value = new Float64Array(256)
  count = new Float64Array(256)
  bucketsAt = new Int32Array(256)
  bucketsLength = new Int32Array(256)
  boundsStart = new Int32Array(256)
  boundsEnd = new Int32Array(256)
  boundsHashLow = new Int32Array(256)
  boundsHashHigh = new Int32Array(256)

  bucketsUsed = 0
  buckets = new Float64Array(1024)

  /** Points that were over the limit of a request. */
  pointsOverLimit = 0
  /** Points that contradict themselves, such as 3 bounds with 2 buckets; `malformed` says the first. */
  pointsMalformed = 0
  malformed = ''

  clear(bytes: Uint8Array): void {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.resources = 0
    this.metrics = 0
    this.points = 0
    this.bucketsUsed = 0
    this.pointsOverLimit = 0
    this.pointsMalformed = 0
    this.malformed = ''
  }

  addResource(start: number, end: number, hashLow: number, hashHigh: number): number {
    const at = this.resources++
    if (at === this.resourceStart.length) this.#growResources()
    this.resourceStart[at] = start
    this.resourceEnd[at] = end
    this.resourceHashLow[at] = hashLow
    this.resourceHashHigh[at] = hashHigh
    return at
  }

  /** A metric's row; the caller sets the byte ranges of name, unit and description. */
  addMetric(resource: number, kind: number, temporality: number, monotonic: number): number {
    const at = this.metrics++
    if (at === this.metricKind.length) this.#growMetrics()
    this.metricResource[at] = resource
    this.metricKind[at] = kind
    this.metricTemporality[at] = temporality
    this.metricMonotonic[at] = monotonic
    return at
  }

  /** Makes room for `more` points. */
  reservePoints(more: number): void {
    const wanted = this.points + more
    if (wanted <= this.pointMetric.length) return
    const length = Math.max(wanted, this.pointMetric.length * 2)
    this.pointMetric = grownInts(this.pointMetric, length)
    this.pointStart = grownInts(this.pointStart, length)
    this.pointEnd = grownInts(this.pointEnd, length)
    this.pointFlags = grownBytes(this.pointFlags, length)
    this.hashLow = grownInts(this.hashLow, length)
    this.hashHigh = grownInts(this.hashHigh, length)
    this.timeMs = grownFloats(this.timeMs, length)
    this.startMs = grownFloats(this.startMs, length)
    this.value = grownFloats(this.value, length)
    this.count = grownFloats(this.count, length)
    this.bucketsAt = grownInts(this.bucketsAt, length)
    this.bucketsLength = grownInts(this.bucketsLength, length)
    this.boundsStart = grownInts(this.boundsStart, length)
    this.boundsEnd = grownInts(this.boundsEnd, length)
    this.boundsHashLow = grownInts(this.boundsHashLow, length)
    this.boundsHashHigh = grownInts(this.boundsHashHigh, length)
  }

  /** Makes room for `more` bucket counts. */
  reserveBuckets(more: number): void {
    const wanted = this.bucketsUsed + more
    if (wanted > this.buckets.length) {
      this.buckets = grownFloats(this.buckets, Math.max(wanted, this.buckets.length * 2))
    }
  }

  /** Counts a point that contradicts itself and keeps the first reason. */
  refuse(reason: string): void {
    if (this.pointsMalformed++ === 0) this.malformed = reason
  }

  #growResources(): void {
    const length = this.resourceStart.length * 2
    this.resourceStart = grownInts(this.resourceStart, length)
    this.resourceEnd = grownInts(this.resourceEnd, length)
    this.resourceHashLow = grownInts(this.resourceHashLow, length)
    this.resourceHashHigh = grownInts(this.resourceHashHigh, length)
  }

  #growMetrics(): void {
    const length = this.metricKind.length * 2
    this.metricResource = grownInts(this.metricResource, length)
    this.metricKind = grownBytes(this.metricKind, length)
    this.metricTemporality = grownBytes(this.metricTemporality, length)
    this.metricMonotonic = grownBytes(this.metricMonotonic, length)
    this.nameStart = grownInts(this.nameStart, length)
    this.nameEnd = grownInts(this.nameEnd, length)
    this.unitStart = grownInts(this.unitStart, length)
    this.unitEnd = grownInts(this.unitEnd, length)
    this.descriptionStart = grownInts(this.descriptionStart, length)
    this.descriptionEnd = grownInts(this.descriptionEnd, length)
  }
}

function grownInts(from: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(length)
  to.set(from)
  return to
}

function grownBytes(from: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const to = new Uint8Array(length)
  to.set(from)
  return to
}

function grownFloats(from: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const to = new Float64Array(length)
  to.set(from)
  return to
}
