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
import { readSummaryPoint } from '../../src/decode/summary-point.ts'
import { decodeUtf8 } from '../../src/decode/wire-reader.ts'
import type { Message } from './official-otlp.ts'

const KINDS = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']

/** What a point comes to, so that two decoders can be compared. */
type Point = Readonly<Record<string, unknown>>

/** The points of a batch. */
export function scannedPoints(batch: PointBatch): Point[] {
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

/** The points of a request that the official decoder read. */
export function officialPoints(request: Message): Point[] {
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
