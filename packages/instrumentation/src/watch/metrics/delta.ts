import type { HrTime } from '@opentelemetry/api'
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics'

interface Remembered<Value> {
  readonly endTime: HrTime
  readonly value: Value
}

interface State {
  readonly numbers: ReadonlyMap<string, Remembered<number>>
  readonly histograms: ReadonlyMap<string, Remembered<Histogram>>
}

/**
 * Turns cumulative counters and histograms into what was added since the last report that was delivered: what a
 * receiver has not got is in the next report. Gauges and up-down counters stay as they are: the OTLP delta preference
 * leaves those cumulative.
 */
export class DeltaConverter {
  #delivered: State = { numbers: new Map(), histograms: new Map() }
  #reported: State = this.#delivered

  /** The newest report has arrived, or will never be taken. */
  delivered(): void {
    this.#delivered = this.#reported
  }

  convert(scopes: readonly ScopeMetrics[]): ScopeMetrics[] {
    // Series that are gone are forgotten, so that memory follows what is reported.
    const numbers = new Map<string, Remembered<number>>()
    const histograms = new Map<string, Remembered<Histogram>>()
    const converted = scopes.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.map((metric): MetricData => {
        const prefix = `${scope.name}\n${metric.descriptor.name}\n`
        if (metric.dataPointType === DataPointType.SUM && metric.isMonotonic) {
          const before = { remembered: this.#delivered.numbers, now: numbers, prefix, subtract }
          return delta(metric, toDeltaPoints(metric.dataPoints, before))
        }
        if (metric.dataPointType === DataPointType.HISTOGRAM) {
          const before = {
            remembered: this.#delivered.histograms,
            now: histograms,
            prefix,
            subtract: subtractHistogram,
          }
          return delta(metric, toDeltaPoints(metric.dataPoints, before))
        }
        return metric
      }),
    }))
    this.#reported = { numbers, histograms }
    return converted
  }
}

interface Before<Value> {
  readonly remembered: ReadonlyMap<string, Remembered<Value>>
  readonly now: Map<string, Remembered<Value>>
  readonly prefix: string
  /** Undefined: the counter has begun again. */
  readonly subtract: (value: Value, before: Value) => Value | undefined
}

function delta<Data extends MetricData>(metric: Data, dataPoints: Data['dataPoints']): Data {
  return { ...metric, aggregationTemporality: AggregationTemporality.DELTA, dataPoints }
}

function toDeltaPoints<Value>(
  points: readonly DataPoint<Value>[],
  { remembered, now, prefix, subtract }: Before<Value>,
): DataPoint<Value>[] {
  return points.map((point) => {
    const key = prefix + JSON.stringify(Object.entries(point.attributes).sort())
    now.set(key, point)
    const before = remembered.get(key)
    if (before === undefined) return point
    const value = subtract(point.value, before.value)
    return value === undefined ? point : { ...point, startTime: before.endTime, value }
  })
}

function subtract(value: number, before: number): number | undefined {
  return value < before ? undefined : value - before
}

function subtractHistogram(value: Histogram, before: Histogram): Histogram | undefined {
  if (value.count < before.count) return undefined
  const counts = value.buckets.counts.map(
    (count, index) => count - (before.buckets.counts[index] ?? 0),
  )
  return {
    buckets: { boundaries: value.buckets.boundaries, counts },
    sum: (value.sum ?? 0) - (before.sum ?? 0),
    count: value.count - before.count,
  }
}
