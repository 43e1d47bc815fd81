import { jsonRequestToProtobuf } from '../../src/decode/json-request.ts'

/** An attribute with a text value. */
export function attribute(key: string, value: string): object {
  return { key, value: { stringValue: value } }
}

/** Nanoseconds, as OTLP's JSON writes them. */
export function nanos(timeMs: number): string {
  return String(BigInt(Math.round(timeMs * 1000)) * 1000n)
}

/** A request with these metrics of one service, in protobuf. */
export function request(metrics: readonly object[], service = 'shop'): Uint8Array {
  const resource = { attributes: service === '' ? [] : [attribute('service.name', service)] }
  const body = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }
  return jsonRequestToProtobuf(Buffer.from(JSON.stringify(body)))
}

/** A gauge `name` with one point for each pair of time and value. */
export function gauge(name: string, ...points: readonly (readonly [number, number])[]): object {
  const dataPoints = points.map(([timeMs, value]) => ({
    timeUnixNano: nanos(timeMs),
    asDouble: jsonDouble(value),
  }))
  return { name, gauge: { dataPoints } }
}

/** A sum `name`; temporality 1 is delta, 2 is cumulative. */
export function sum(
  name: string,
  temporality: 1 | 2,
  ...points: readonly (readonly [number, number])[]
): object {
  const dataPoints = points.map(([timeMs, value]) => ({
    timeUnixNano: nanos(timeMs),
    startTimeUnixNano: nanos(1000),
    asDouble: value,
  }))
  return { name, sum: { aggregationTemporality: temporality, isMonotonic: true, dataPoints } }
}

/** A histogram `name` with bounds 1 and 5. */
export function histogram(
  name: string,
  temporality: 1 | 2,
  ...points: readonly { at: number; counts: readonly number[]; sum: number; flags?: number }[]
): object {
  const dataPoints = points.map(({ at, counts, sum: total, flags = 0 }) => ({
    timeUnixNano: nanos(at),
    startTimeUnixNano: nanos(1000),
    count: String(counts.reduce((all, one) => all + one, 0)),
    sum: total,
    bucketCounts: counts.map(String),
    explicitBounds: counts.length === 0 ? [] : [1, 5],
    flags,
  }))
  return { name, histogram: { aggregationTemporality: temporality, dataPoints } }
}

function jsonDouble(value: number): number | string {
  if (Object.is(value, -0)) return '-0'
  return Number.isFinite(value) ? value : String(value)
}
