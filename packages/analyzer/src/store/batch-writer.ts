import { readExemplars } from '../decode/exemplars.ts'
import { readExponentialPoint } from '../decode/exponential-point.ts'
import {
  KIND_EXPONENTIAL,
  KIND_GAUGE,
  KIND_HISTOGRAM,
  KIND_SUM,
  KIND_SUMMARY,
  POINT_HAS_EXEMPLARS,
  POINT_HAS_SUM,
  POINT_NO_VALUE,
  type PointBatch,
  TEMPORALITY_DELTA,
} from '../decode/point-batch.ts'
import { readSummaryPoint } from '../decode/summary-point.ts'
import { ChokepointError } from '../model/errors.ts'
import { ExemplarRing } from './exemplar-ring.ts'
import type { Family } from './family-table.ts'
import { IngestTally } from './rejections.ts'
import type { SampleWriter } from './sample-writer.ts'
import type { SeriesMaker } from './series-maker.ts'
import type { StreamIndex } from './stream-index.ts'
import { HASH_HIGH, HASH_LOW } from './stream-records.ts'

/** Times that samples may have, in milliseconds. */
export interface TimeWindow {
  readonly fromMs: number
  readonly toMs: number
}

// A page shows hundreds; one is about 200 bytes.
const EXEMPLARS_MAX = 10_000

/** The tag of exemplars by kind of point: gauge, sum, histogram, exponential histogram. */
const EXEMPLAR_TAGS = [0x2a, 0x2a, 0x42, 0x5a]

/** Puts the points of a batch where their series are; new series are made on the way. */
export class BatchWriter {
  readonly #index: StreamIndex
  readonly #maker: SeriesMaker
  readonly #writer: SampleWriter
  /** The newest time that any sample has. */
  newestMs = Number.NEGATIVE_INFINITY
  /** The families that got samples since somebody last emptied this. */
  readonly touched = new Set<Family>()

  readonly exemplars = new ExemplarRing(EXEMPLARS_MAX)

  constructor(index: StreamIndex, maker: SeriesMaker, writer: SampleWriter) {
    this.#index = index
    this.#maker = maker
    this.#writer = writer
  }

  /** Begins a batch and counts what its scan left out. */
  begin(batch: PointBatch, tally: IngestTally): void {
    this.#maker.beginBatch()
    if (batch.pointsMalformed > 0) tally.reject('malformed', batch.malformed, batch.pointsMalformed)
    if (batch.pointsOverLimit > 0) tally.reject('request_limit', '', batch.pointsOverLimit)
  }

  /** Adds the points [first, end) of the batch that was begun. */
  write(
    batch: PointBatch,
    first: number,
    end: number,
    window: TimeWindow,
    tally: IngestTally,
  ): void {
    const { timeMs, hashLow, hashHigh, pointMetric, metricKind, metricResource } = batch
    let id = -1
    let resource = -1
    let resourceTime = 0
    let lastMetric = -1
    let newest = this.newestMs
    for (let point = first; point < end; point++) {
      const time = timeMs[point]!
      const metric = pointMetric[point]!
      if (time < window.fromMs || time > window.toMs) {
        tally.reject(time > window.toMs ? 'future' : 'too_old', timeExample(time))
        continue
      }
      try {
        if (metricKind[metric] === KIND_SUMMARY) this.#summary(batch, point, tally)
        else {
          id = this.#find(hashLow[point]!, hashHigh[point]!, id)
          if (id === -1) id = this.#make(batch, point, tally)
          if (id === -1) continue
          this.#point(batch, point, id, tally)
          if ((batch.pointFlags[point]! & POINT_HAS_EXEMPLARS) !== 0)
            this.#exemplars(batch, point, id)
          if (metric !== lastMetric) this.touched.add(this.#index.familyOf(id))
          lastMetric = metric
        }
      } catch (error) {
        // The scan does not look into attributes and exponential buckets; what is broken there costs its point.
        if (!(error instanceof ChokepointError)) throw error
        tally.reject('malformed', error.message)
        continue
      }
      if (time > newest) newest = time
      if (metricResource[metric] !== resource) {
        if (resource !== -1) this.#targetInfo(batch, resource, resourceTime)
        resource = metricResource[metric]!
        resourceTime = time
      } else if (time > resourceTime) resourceTime = time
    }
    this.newestMs = newest
    if (resource !== -1) this.#targetInfo(batch, resource, resourceTime)
  }

  /** The stream with a hash; the one behind the last is tried first, as SDKs keep their order. */
  #find(low: number, high: number, last: number): number {
    const { records, raw } = this.#index
    const guess = last + 1
    const { ints } = records
    if (
      guess < records.end &&
      ints[guess * 16 + HASH_LOW] === low &&
      ints[guess * 16 + HASH_HIGH] === high
    ) {
      return guess
    }
    const id = raw.get(low, high)
    if (id !== -1) {
      ints[id * 16 + HASH_LOW] = low
      ints[id * 16 + HASH_HIGH] = high
    }
    return id
  }

  /** A new stream for a point, or -1 when it is refused. */
  #make(batch: PointBatch, point: number, tally: IngestTally): number {
    const made = this.#maker.stream(batch, point)
    if (typeof made === 'number') return made
    tally.reject(made.reason, made.example)
    return -1
  }

  #point(batch: PointBatch, point: number, id: number, tally: IngestTally): void {
    const metric = batch.pointMetric[point]!
    const kind = batch.metricKind[metric]!
    const delta = batch.metricTemporality[metric] === TEMPORALITY_DELTA
    const stale = (batch.pointFlags[point]! & POINT_NO_VALUE) !== 0
    const time = batch.timeMs[point]!
    const start = batch.startMs[point]!
    const writer = this.#writer
    if (kind === KIND_GAUGE || kind === KIND_SUM) {
      const value = batch.value[point]!
      if (delta && kind === KIND_SUM) writer.addDelta(id, time, start, value, stale, tally)
      else writer.addNumber(id, time, start, value, stale, tally)
      return
    }
    if (kind === KIND_HISTOGRAM) {
      const hasSum = (batch.pointFlags[point]! & POINT_HAS_SUM) !== 0
      writer.addHistogram(id, batch, point, delta, hasSum, stale, tally)
      return
    }
    if (kind === KIND_EXPONENTIAL) {
      const { bytes, pointStart, pointEnd } = batch
      const values = readExponentialPoint(bytes, pointStart[point]!, pointEnd[point]!)
      writer.addExponential(id, time, start, values, delta, stale, tally)
    }
  }

  /** A sender repeats an exemplar until it has a newer one; only a newer one is kept. */
  #exemplars(batch: PointBatch, point: number, id: number): void {
    const { bytes, pointStart, pointEnd } = batch
    const tag = EXEMPLAR_TAGS[batch.metricKind[batch.pointMetric[point]!]!]!
    const sent = readExemplars(bytes, pointStart[point]!, pointEnd[point]!, tag)
    sent.sort((a, b) => a.timeMs - b.timeMs)
    for (const exemplar of sent) this.exemplars.add(id, exemplar)
  }

  /** A summary is one series for each quantile, and its sum and count, as in Prometheus. */
  #summary(batch: PointBatch, point: number, tally: IngestTally): void {
    const { bytes, pointStart, pointEnd } = batch
    const values = readSummaryPoint(bytes, pointStart[point]!, pointEnd[point]!)
    const series = this.#maker.summaryStreams(batch, point, values)
    if ('reason' in series) {
      tally.reject(series.reason, series.example)
      return
    }
    const stale = (batch.pointFlags[point]! & POINT_NO_VALUE) !== 0
    const time = batch.timeMs[point]!
    const start = batch.startMs[point]!
    const parts = new IngestTally()
    for (const { id, value } of series) {
      this.#writer.addNumber(id, time, start, value, stale, parts)
    }
    tally.join(parts)
  }

  /** `target_info` is 1 as often as its resource reports: what is not promoted is joined from there. */
  #targetInfo(batch: PointBatch, row: number, timeMs: number): void {
    const resource = this.#maker.resource(batch, row)
    if (resource.labels.targetInfo.length === 0) return
    if (resource.targetInfo === -1) {
      const id = this.#maker.targetInfo(resource)
      if (id === -1) return
      resource.targetInfo = id
    }
    this.#writer.repeatOne(resource.targetInfo, timeMs)
  }
}

function timeExample(time: number): string {
  return `the first at ${new Date(time).toISOString()}`
}
