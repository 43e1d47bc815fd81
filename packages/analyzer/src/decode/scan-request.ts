import { ChokepointError } from '../model/errors.ts'
import { hashBytes, mixWord } from './hash-bytes.ts'
import {
  KIND_EXPONENTIAL,
  KIND_GAUGE,
  KIND_HISTOGRAM,
  KIND_SUM,
  KIND_SUMMARY,
  PointBatch,
} from './point-batch.ts'
import { scanExponentialPoint, scanHistogramPoint, scanSummaryPoint } from './scan-histogram.ts'
import { scanNumberPoint } from './scan-number.ts'
import { WireReader } from './wire-reader.ts'

/** How a scan is bounded. */
export interface ScanLimits {
  /** Data points of one request; those above are counted, not read. */
  readonly pointsMax: number
  /** Buckets of one histogram point. */
  readonly bucketsMax: number
}

/** Two random numbers that series hashes start from, so that nobody can prepare collisions. */
export type HashSeed = readonly [number, number]

/** Reads one point's fields into the batch, behind the points it has. */
export type PointScanner = (
  batch: PointBatch,
  start: number,
  end: number,
  lanes: Int32Array,
  bucketsMax: number,
) => void

// The scan goes once over the bytes:
//
//   ExportMetricsServiceRequest  1 resource_metrics*
//   ResourceMetrics              1 resource   2 scope_metrics*   3 schema_url
//   ScopeMetrics                 1 scope      2 metrics*         3 schema_url
//   Metric                       1 name  2 description  3 unit  5 gauge  7 sum  9 histogram  10 exponential  11 summary
//   Gauge, Sum, Histogram …      1 data_points*  2 aggregation_temporality  3 is_monotonic
//
// Fields may come in any order, so what a message says about its children is looked up first: a
// look-up jumps from length to length and touches few bytes.
// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto

const FIELD_1 = 0x0a
const FIELD_2 = 0x12
const FIELD_3 = 0x1a
const TEMPORALITY = 0x10
const MONOTONIC = 0x18

/** Bytes between two steps; of small points they hold a thousand. */
const STEP_BYTES = 64 * 1024

// biome-ignore format: a table is read by its columns
const METRIC_KINDS: ReadonlyMap<number, readonly [kind: number, scan: PointScanner]> = new Map([
  [0x2a, [KIND_GAUGE,       scanNumberPoint]],
  [0x3a, [KIND_SUM,         scanNumberPoint]],
  [0x4a, [KIND_HISTOGRAM,   scanHistogramPoint]],
  [0x52, [KIND_EXPONENTIAL, scanExponentialPoint]],
  [0x5a, [KIND_SUMMARY,     scanSummaryPoint]],
] satisfies [number, [number, PointScanner]][])

/** Points of a metric that are not scanned yet. */
interface PointRun {
  readonly reader: WireReader
  readonly metric: number
  readonly low: number
  readonly high: number
  readonly scanPoint: PointScanner
}

/**
 * Reads an `ExportMetricsServiceRequest` in protobuf into columns. The batch points into `bytes`, which
 * must not change while the batch is read. Throws BODY_INVALID when the bytes are not such a request;
 * points that contradict themselves are left out and counted in the batch.
 */
export class RequestScanner {
  readonly batch = new PointBatch()
  readonly #limits: ScanLimits
  readonly #seed: HashSeed
  readonly #lanes = new Int32Array(2)
  /** What is left of a metric that is too long for one step. */
  #rest: PointRun | undefined

  constructor(limits: ScanLimits, seed: HashSeed) {
    this.#limits = limits
    this.#seed = seed
  }

  scan(bytes: Uint8Array): PointBatch {
    const steps = this.steps(bytes)
    for (;;) {
      const step = steps.next()
      if (step.done === true) return step.value
    }
  }

  /** The same in steps of a millisecond or so; the scanner must not be used for others in between. */
  *steps(bytes: Uint8Array): Generator<void, PointBatch, void> {
    this.batch.clear(bytes)
    this.#rest = undefined
    try {
      yield* this.#request(new WireReader(bytes, 0, bytes.length, this.batch.view))
    } catch (error) {
      // A read past the whole buffer is the view's RangeError; the reader's own checks see all else.
      if (!(error instanceof RangeError)) throw error
      throw new ChokepointError(
        'BODY_INVALID',
        `cannot decode the OTLP request: it is cut off after ${bytes.length} bytes`,
        { cause: error },
      )
    }
    return this.batch
  }

  *#request(reader: WireReader): Generator<void, void, void> {
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === FIELD_1) yield* this.#resourceMetrics(reader.message())
      else reader.skip(tag)
    }
  }

  *#resourceMetrics(reader: WireReader): Generator<void, void, void> {
    const start = reader.at
    let resourceStart = start
    let resourceEnd = start
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag !== FIELD_1) {
        reader.skip(tag)
        continue
      }
      resourceEnd = reader.lengthEnd()
      resourceStart = reader.at
      reader.at = resourceEnd
    }
    const lanes = this.#lanes
    lanes[0] = this.#seed[0]
    lanes[1] = this.#seed[1]
    hashBytes(this.batch.view, resourceStart, resourceEnd, lanes)
    const resource = this.batch.addResource(resourceStart, resourceEnd, lanes[0]!, lanes[1]!)
    reader.at = start
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === FIELD_2) yield* this.#scopeMetrics(reader.message(), resource)
      else reader.skip(tag)
    }
  }

  *#scopeMetrics(reader: WireReader, resource: number): Generator<void, void, void> {
    let rested = reader.at
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === FIELD_2) {
        this.#metric(reader, reader.lengthEnd(), resource)
        while (this.#rest !== undefined) {
          yield
          this.#scanRest(this.#rest, STEP_BYTES)
        }
      } else reader.skip(tag)
      if (reader.at - rested > STEP_BYTES) {
        rested = reader.at
        yield
      }
    }
    yield
  }

  /** Reads the metric at the reader's place; the reader serves for it too, as one is made a metric else. */
  #metric(reader: WireReader, end: number, resource: number): void {
    const outerEnd = reader.end
    const start = reader.at
    reader.end = end
    let nameStart = start
    let nameEnd = start
    let descriptionStart = start
    let descriptionEnd = start
    let unitStart = start
    let unitEnd = start
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === FIELD_1) {
        nameEnd = reader.lengthEnd()
        nameStart = reader.at
        reader.at = nameEnd
      } else if (tag === FIELD_2) {
        descriptionEnd = reader.lengthEnd()
        descriptionStart = reader.at
        reader.at = descriptionEnd
      } else if (tag === FIELD_3) {
        unitEnd = reader.lengthEnd()
        unitStart = reader.at
        reader.at = unitEnd
      } else reader.skip(tag)
    }
    reader.at = start
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      const row = METRIC_KINDS.get(tag)
      if (row === undefined) {
        reader.skip(tag)
        continue
      }
      const dataEnd = reader.lengthEnd()
      const metric = this.#data(
        reader,
        dataEnd,
        resource,
        row,
        nameStart,
        nameEnd,
        unitStart,
        unitEnd,
      )
      this.batch.descriptionStart[metric] = descriptionStart
      this.batch.descriptionEnd[metric] = descriptionEnd
    }
    reader.at = end
    reader.end = outerEnd
  }

  #data(
    reader: WireReader,
    end: number,
    resource: number,
    [kind, scanPoint]: readonly [kind: number, scan: PointScanner],
    nameStart: number,
    nameEnd: number,
    unitStart: number,
    unitEnd: number,
  ): number {
    const { batch } = this
    // A metric that has data twice is no usual one: its first data are scanned at once.
    if (this.#rest !== undefined) this.#scanRest(this.#rest, Number.POSITIVE_INFINITY)
    const outerEnd = reader.end
    const start = reader.at
    reader.end = end
    let temporality = 0
    let monotonic = 0
    let points = 0
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === FIELD_1) points++
      if (tag === TEMPORALITY) temporality = reader.varint()
      else if (tag === MONOTONIC) monotonic = reader.varint() === 0 ? 0 : 1
      else reader.skip(tag)
    }
    const metric = batch.addMetric(resource, kind, temporality, monotonic)
    batch.nameStart[metric] = nameStart
    batch.nameEnd[metric] = nameEnd
    batch.unitStart[metric] = unitStart
    batch.unitEnd[metric] = unitEnd

    const lanes = this.#lanes
    lanes[0] = batch.resourceHashLow[resource]!
    lanes[1] = batch.resourceHashHigh[resource]!
    hashBytes(batch.view, nameStart, nameEnd, lanes)
    hashBytes(batch.view, unitStart, unitEnd, lanes)
    const shape = (kind << 8) | (temporality << 1) | monotonic
    const low = mixWord(lanes[0]!, shape)
    const high = mixWord(lanes[1]!, shape)

    const room = Math.max(0, this.#limits.pointsMax - batch.points)
    batch.reservePoints(Math.min(points, room))
    reader.at = start
    if (end - start <= STEP_BYTES) {
      this.#scanPoints(reader, metric, low, high, scanPoint, end)
    } else {
      const own = new WireReader(batch.bytes, start, end, batch.view)
      this.#rest = { reader: own, metric, low, high, scanPoint }
      reader.at = end
    }
    reader.end = outerEnd
    return metric
  }

  #scanRest(run: PointRun, bytes: number): void {
    const { reader, metric, low, high, scanPoint } = run
    this.#scanPoints(reader, metric, low, high, scanPoint, reader.at + bytes)
    if (reader.at >= reader.end) this.#rest = undefined
  }

  /** Scans the points of a metric up to the first that begins at or behind `stopAt`. */
  #scanPoints(
    reader: WireReader,
    metric: number,
    low: number,
    high: number,
    scanPoint: PointScanner,
    stopAt: number,
  ): void {
    const { batch } = this
    const lanes = this.#lanes
    while (reader.at < stopAt) {
      const tag = reader.tag()
      if (tag === 0) return
      if (tag !== FIELD_1) {
        reader.skip(tag)
        continue
      }
      const pointEnd = reader.lengthEnd()
      if (batch.points >= this.#limits.pointsMax) batch.pointsOverLimit++
      else {
        batch.pointMetric[batch.points] = metric
        lanes[0] = low
        lanes[1] = high
        scanPoint(batch, reader.at, pointEnd, lanes, this.#limits.bucketsMax)
      }
      reader.at = pointEnd
    }
  }
}
