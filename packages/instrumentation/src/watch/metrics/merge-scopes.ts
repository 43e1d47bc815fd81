import type { Attributes, HrTime } from '@opentelemetry/api'
import {
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics'

/**
 * Cumulative metrics of several processes or threads as one. Counters, up-down counters and histograms of one series
 * are added up; of gauges the first stays, so whoever wants all of them gives them different attributes.
 */
export function mergeScopes(parts: readonly (readonly ScopeMetrics[])[]): ScopeMetrics[] {
  const scopes = new Map<string, { scope: ScopeMetrics['scope']; metrics: Map<string, Merged> }>()
  for (const { scope, metrics } of parts.flat()) {
    const key = `${scope.name}\n${scope.version ?? ''}`
    const into = scopes.get(key) ?? { scope, metrics: new Map<string, Merged>() }
    scopes.set(key, into)
    for (const metric of metrics) addMetric(into.metrics, metric)
  }
  return Array.from(scopes.values(), ({ scope, metrics }) => ({
    scope,
    metrics: Array.from(metrics.values(), ({ metric, points }) => {
      return { ...metric, dataPoints: [...points.values()] } as MetricData
    }),
  }))
}

/** A metric's points with more attributes each. */
export function withAttributes(metric: MetricData, more: Attributes): MetricData {
  const dataPoints = metric.dataPoints.map((point) => ({
    ...point,
    attributes: { ...point.attributes, ...more },
  }))
  return { ...metric, dataPoints } as MetricData
}

type Point = DataPoint<unknown>

interface Merged {
  readonly metric: MetricData
  readonly points: Map<string, Point>
}

function addMetric(into: Map<string, Merged>, metric: MetricData): void {
  const { name } = metric.descriptor
  const merged = into.get(name) ?? { metric, points: new Map<string, Point>() }
  into.set(name, merged)
  // Of two metrics with one name and two types the first is kept.
  if (merged.metric.dataPointType !== metric.dataPointType) return
  for (const point of metric.dataPoints as Point[]) {
    const key = JSON.stringify(Object.entries(point.attributes).sort())
    const known = merged.points.get(key)
    merged.points.set(key, known === undefined ? point : addPoint(metric, known, point))
  }
}

function addPoint(metric: MetricData, one: Point, other: Point): Point {
  const times = {
    startTime: earlier(one.startTime, other.startTime),
    endTime: earlier(one.endTime, other.endTime) === one.endTime ? other.endTime : one.endTime,
  }
  switch (metric.dataPointType) {
    case DataPointType.SUM:
      return { ...one, ...times, value: (one.value as number) + (other.value as number) }
    case DataPointType.HISTOGRAM:
      return {
        ...one,
        ...times,
        value: addHistogram(one.value as Histogram, other.value as Histogram),
      }
    default:
      return one
  }
}

/** Of two histograms with different buckets the first is kept: their counts cannot be added. */
function addHistogram(one: Histogram, other: Histogram): Histogram {
  const { boundaries, counts } = one.buckets
  const same =
    other.buckets.boundaries.length === boundaries.length &&
    other.buckets.boundaries.every((boundary, index) => boundary === boundaries[index])
  if (!same) return one
  const added = counts.map((count, index) => count + (other.buckets.counts[index] ?? 0))
  return {
    buckets: { boundaries, counts: added },
    count: one.count + other.count,
    ...(one.sum === undefined || other.sum === undefined ? {} : { sum: one.sum + other.sum }),
    ...(one.min === undefined || other.min === undefined
      ? {}
      : { min: Math.min(one.min, other.min) }),
    ...(one.max === undefined || other.max === undefined
      ? {}
      : { max: Math.max(one.max, other.max) }),
  }
}

function earlier(one: HrTime, other: HrTime): HrTime {
  return one[0] < other[0] || (one[0] === other[0] && one[1] <= other[1]) ? one : other
}

/** What stays of the metrics of somebody who is gone: all that only grows. */
export function growingOnly(scopes: readonly ScopeMetrics[]): ScopeMetrics[] {
  return scopes.map(({ scope, metrics }) => ({
    scope,
    metrics: metrics.filter(
      (metric) =>
        metric.dataPointType === DataPointType.HISTOGRAM ||
        (metric.dataPointType === DataPointType.SUM && metric.isMonotonic),
    ),
  }))
}
