import { expect } from 'chai'
import { readAttributes } from '../../src/decode/attributes.ts'
import { readExponentialPoint } from '../../src/decode/exponential-point.ts'
import {
  KIND_EXPONENTIAL,
  KIND_HISTOGRAM,
  KIND_SUMMARY,
  POINT_HAS_SUM,
  POINT_NO_VALUE,
  type PointBatch,
} from '../../src/decode/point-batch.ts'
import { RequestScanner } from '../../src/decode/scan-request.ts'
import { readSummaryPoint } from '../../src/decode/summary-point.ts'
import { decodeUtf8 } from '../../src/decode/wire-reader.ts'
import { decodeOfficially, encodeRequest, type Message, REQUEST } from './official-otlp.ts'
import { Random } from './random.ts'
import { randomRequest } from './random-request.ts'

const LIMITS = { pointsMax: 10_000, bucketsMax: 512 }
const MESSAGES = Number(process.env.CHOKEPOINT_DECODE_MESSAGES ?? 5000)
const MUTATIONS = Number(process.env.CHOKEPOINT_DECODE_MUTATIONS ?? 20_000)
const KINDS = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']

const scanner = () => new RequestScanner(LIMITS, [1, 2])

describe('the scan of an OTLP request', () => {
  it(`gives the points of the official decoder, in the same order, for ${MESSAGES} generated requests`, function () {
    this.timeout(600_000)
    const random = new Random(4)
    const ours = scanner()
    for (let i = 0; i < MESSAGES; i++) {
      const bytes = encodeRequest(randomRequest(random))
      expect(scannedPoints(ours.scan(bytes)), `request ${i}`).to.deep.equal(
        officialPoints(decodeOfficially(REQUEST, bytes)),
      )
    }
  })

  it('gives the same hash to the same bytes and different ones to different series', () => {
    const point = (route: string) => ({
      attributes: [{ key: 'http.route', value: { value: { case: 'stringValue', value: route } } }],
      timeUnixNano: 1n,
      value: { case: 'asInt', value: 1n },
    })
    const bytes = encodeRequest(gaugeRequest([point('/a'), point('/b'), point('/a')]))
    const { hashLow, hashHigh } = scanner().scan(bytes)
    expect([hashLow[0], hashHigh[0]]).to.deep.equal([hashLow[2], hashHigh[2]])
    expect([hashLow[0], hashHigh[0]]).to.not.deep.equal([hashLow[1], hashHigh[1]])
  })

  it('passes over fields that it does not know', () => {
    const known = encodeRequest(
      gaugeRequest([{ timeUnixNano: 5n, value: { case: 'asInt', value: 7n } }]),
    )
    // Field 1000 as varint, as bytes, as fixed32, and a group with a field inside.
    const unknown = [
      0xc0, 0x3e, 1, 0xc2, 0x3e, 2, 9, 9, 0xc5, 0x3e, 1, 2, 3, 4, 0xc3, 0x3e, 8, 1, 0xc4, 0x3e,
    ]
    const batch = scanner().scan(Uint8Array.from([...unknown, ...known, ...unknown]))
    expect(batch.points).to.equal(1)
    expect(batch.value[0]).to.equal(7)
  })

  it('rejects a histogram whose counts do not fit its bounds, and keeps the others', () => {
    const histogram = (bucketCounts: bigint[]) => ({
      bucketCounts,
      explicitBounds: [1, 2],
      count: 3n,
    })
    const dataPoints = [histogram([1n, 1n, 1n]), histogram([3n])]
    const batch = scanner().scan(
      encodeRequest({
        resourceMetrics: [
          {
            scopeMetrics: [
              { metrics: [{ name: 'h', data: { case: 'histogram', value: { dataPoints } } }] },
            ],
          },
        ],
      }),
    )
    expect([batch.points, batch.pointsMalformed]).to.deep.equal([1, 1])
    expect(batch.malformed).to.equal('a histogram has 1 bucket counts for 2 bounds')
  })

  it('counts the points over the limit of a request instead of reading them', () => {
    const points = Array.from({ length: 7 }, () => ({ value: { case: 'asInt', value: 1n } }))
    const small = new RequestScanner({ pointsMax: 5, bucketsMax: 1 }, [1, 2])
    const batch = small.scan(encodeRequest(gaugeRequest(points)))
    expect([batch.points, batch.pointsOverLimit]).to.deep.equal([5, 2])
  })

  it('says that a truncated request is cut off, wherever the cut is', () => {
    const bytes = encodeRequest(randomRequest(new Random(3)))
    const whole = scannedPoints(scanner().scan(bytes)).length
    expect(whole).to.be.greaterThan(3)
    for (let end = 0; end < bytes.length; end++) {
      try {
        // A cut between two resources is a shorter request, and a right one.
        expect(scanner().scan(bytes.slice(0, end)).points).to.be.at.most(whole)
      } catch (error) {
        expect(error).to.include({ code: 'BODY_INVALID' })
      }
    }
  })

  it(`neither hangs nor fails in another way on ${MUTATIONS} mutated requests`, function () {
    this.timeout(600_000)
    const random = new Random(99)
    const seeds = random.many(50, () => encodeRequest(randomRequest(random)))
    const ours = scanner()
    for (let i = 0; i < MUTATIONS; i++) {
      const bytes = mutate(random.pick(seeds), random)
      try {
        scannedPoints(ours.scan(bytes))
      } catch (error) {
        expect(error, Buffer.from(bytes).toString('hex')).to.include({ code: 'BODY_INVALID' })
      }
    }
  })
})

function gaugeRequest(dataPoints: object[]): object {
  return {
    resourceMetrics: [
      {
        scopeMetrics: [
          { metrics: [{ name: 'g', data: { case: 'gauge', value: { dataPoints } } }] },
        ],
      },
    ],
  }
}

function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  const mutated = bytes.slice(0, random.chance(0.3) ? random.below(bytes.length + 1) : undefined)
  for (let i = random.below(4); i >= 0 && mutated.length > 0; i--) {
    mutated[random.below(mutated.length)] = random.pick([random.below(256), 0xff, 0x80, 0])
  }
  return mutated
}

/** What a point comes to, so that two decoders can be compared. */
type Point = Readonly<Record<string, unknown>>

function scannedPoints(batch: PointBatch): Point[] {
  return Array.from({ length: batch.points }, (_, point) => scannedPoint(batch, point))
}

function scannedPoint(batch: PointBatch, point: number): Point {
  const metric = batch.pointMetric[point]!
  const kind = batch.metricKind[metric]!
  const start = batch.pointStart[point]!
  const end = batch.pointEnd[point]!
  const flags = batch.pointFlags[point]!
  const text = (from: number, to: number) => decodeUtf8(batch.bytes, from, to)
  const tags: Record<number, number> = { [KIND_HISTOGRAM]: 0x4a, [KIND_EXPONENTIAL]: 0x0a }
  const base = {
    kind: KINDS[kind],
    name: text(batch.nameStart[metric]!, batch.nameEnd[metric]!),
    unit: text(batch.unitStart[metric]!, batch.unitEnd[metric]!),
    description: text(batch.descriptionStart[metric]!, batch.descriptionEnd[metric]!),
    temporality: batch.metricTemporality[metric],
    monotonic: batch.metricMonotonic[metric] === 1,
    attributes: readAttributes(batch.bytes, start, end, tags[kind] ?? 0x3a),
    time: batch.timeMs[point],
    start: batch.startMs[point],
    stale: (flags & POINT_NO_VALUE) !== 0,
  }
  if (kind === KIND_HISTOGRAM) {
    const at = batch.bucketsAt[point]!
    return {
      ...base,
      count: batch.count[point],
      sum: (flags & POINT_HAS_SUM) !== 0 ? batch.value[point] : undefined,
      buckets: [...batch.buckets.subarray(at, at + batch.bucketsLength[point]!)],
      bounds: Array.from(
        { length: (batch.boundsEnd[point]! - batch.boundsStart[point]!) / 8 },
        (_, i) => batch.view.getFloat64(batch.boundsStart[point]! + i * 8, true),
      ),
    }
  }
  if (kind === KIND_EXPONENTIAL)
    return { ...base, ...readExponentialPoint(batch.bytes, start, end) }
  if (kind === KIND_SUMMARY) return { ...base, ...readSummaryPoint(batch.bytes, start, end) }
  return { ...base, value: batch.value[point] }
}

function officialPoints(request: Message): Point[] {
  const points: Point[] = []
  for (const resourceMetrics of request.resourceMetrics as Message[]) {
    for (const scopeMetrics of resourceMetrics.scopeMetrics as Message[]) {
      for (const metric of scopeMetrics.metrics as Message[]) {
        const data = metric.data as { case: string | undefined; value: Message }
        if (data.case === undefined) continue
        for (const point of data.value.dataPoints as Message[]) {
          points.push(officialPoint(metric, data.case, data.value, point))
        }
      }
    }
  }
  return points
}

function officialPoint(metric: Message, kind: string, data: Message, point: Message): Point {
  const base = {
    kind,
    name: metric.name,
    unit: metric.unit,
    description: metric.description,
    temporality: data.aggregationTemporality ?? 0,
    monotonic: data.isMonotonic ?? false,
    attributes: (point.attributes as Message[]).map(({ key, value }) => [
      key,
      textOf(value as AnyValue),
    ]),
    time: Number((point.timeUnixNano as bigint) / 1_000_000n),
    start: Number((point.startTimeUnixNano as bigint) / 1_000_000n),
    stale: ((point.flags as number) & 1) === 1,
  }
  const count = Number(point.count)
  if (kind === 'histogram') {
    const buckets = (point.bucketCounts as bigint[]).map(Number)
    return {
      ...base,
      count,
      sum: point.sum,
      buckets,
      bounds: [...(point.explicitBounds as number[])],
    }
  }
  if (kind === 'summary') {
    const quantiles = (point.quantileValues as Message[]).map((one) => [one.quantile, one.value])
    return { ...base, count, sum: point.sum, quantiles }
  }
  if (kind !== 'exponentialHistogram') {
    return { ...base, value: Number((point.value as { value: number | bigint }).value) }
  }
  const side = (buckets: Message | undefined) => ({
    offset: buckets?.offset ?? 0,
    counts: ((buckets?.bucketCounts ?? []) as bigint[]).map(Number),
  })
  return {
    ...base,
    count,
    sum: point.sum ?? 0,
    scale: point.scale,
    zeroCount: Number(point.zeroCount),
    zeroThreshold: point.zeroThreshold,
    positive: side(point.positive as Message | undefined),
    negative: side(point.negative as Message | undefined),
  }
}

type AnyValue = { readonly value: { readonly case: string | undefined; readonly value: unknown } }

function textOf({ value }: AnyValue): string {
  const json = jsonOf({ value })
  if (typeof json === 'string') return json
  return typeof json === 'object' ? JSON.stringify(json) : String(json)
}

function jsonOf({ value }: AnyValue): unknown {
  const inner = value.value
  switch (value.case) {
    case undefined:
      return ''
    case 'intValue':
      return Number(inner)
    case 'bytesValue':
      return Buffer.from(inner as Uint8Array).toString('base64')
    case 'arrayValue':
      return (inner as { values: AnyValue[] }).values.map(jsonOf)
    case 'kvlistValue':
      return Object.fromEntries(
        (inner as { values: { key: string; value: AnyValue }[] }).values.map((pair) => [
          pair.key,
          jsonOf(pair.value),
        ]),
      )
    default:
      return inner
  }
}
