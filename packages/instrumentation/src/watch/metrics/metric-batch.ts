import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api'
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
} from '@opentelemetry/sdk-metrics'
import { type InstrumentKind, METRIC_TABLE, type MetricRow } from '../../metric-table.ts'

/** One reading of the two clocks: the wall clock stamps, the monotonic clock measures. Both in ms. */
export interface Moment {
  readonly wallMs: number
  readonly monotonicMs: number
}

/** A source of cumulative metrics; a metric that cannot be read is left out. */
export interface MetricSource {
  collect(moment: Moment): readonly MetricData[]
}

const ROWS: ReadonlyMap<string, MetricRow> = new Map(METRIC_TABLE.map((row) => [row.name, row]))

/** Gathers values of the metric table's rows and turns them into the SDK's metric data. */
export class MetricBatch {
  readonly #startTime: HrTime
  readonly #endTime: HrTime
  readonly #numbers = new Map<MetricRow, DataPoint<number>[]>()
  readonly #histograms = new Map<MetricRow, DataPoint<Histogram>[]>()

  /** `startMs` is when the counters in this batch began at zero; both are wall clock. */
  constructor(startMs: number, endMs: number) {
    // A clock that was set back must not give points that end before they start.
    this.#startTime = hrTimeFromMs(Math.min(startMs, endMs))
    this.#endTime = hrTimeFromMs(endMs)
  }

  /** Adds a value; an undefined one is a value that this machine does not have. */
  add(name: string, value: number | undefined, attributes: Attributes = {}): void {
    if (value === undefined || Number.isNaN(value)) return
    const row = rowOf(name)
    const rounded = valueType(row) === ValueType.INT ? Math.round(value) : value
    this.#append(this.#numbers, row, attributes, rounded)
  }

  addHistogram(name: string, value: Histogram, attributes: Attributes = {}): void {
    this.#append(this.#histograms, rowOf(name), attributes, value)
  }

  /** All values so far, one entry for each metric. */
  toMetrics(): MetricData[] {
    return [
      ...Array.from(this.#numbers, ([row, points]) => numberData(row, points)),
      ...Array.from(this.#histograms, ([row, dataPoints]): MetricData => {
        return { ...common(row), dataPointType: DataPointType.HISTOGRAM, dataPoints }
      }),
    ]
  }

  #append<Value>(
    to: Map<MetricRow, DataPoint<Value>[]>,
    row: MetricRow,
    attributes: Attributes,
    value: Value,
  ): void {
    const point = { startTime: this.#startTime, endTime: this.#endTime, attributes, value }
    const points = to.get(row)
    if (points === undefined) to.set(row, [point])
    else points.push(point)
  }
}

/** Wall clock milliseconds as the SDK's pair of seconds and nanoseconds. */
export function hrTimeFromMs(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)]
}

function rowOf(name: string): MetricRow {
  const row = ROWS.get(name)
  if (row === undefined) throw new RangeError(`no metric named ${name} in the metric table`)
  return row
}

function numberData(row: MetricRow, dataPoints: DataPoint<number>[]): MetricData {
  const { kind } = row
  if (kind === 'gauge') return { ...common(row), dataPointType: DataPointType.GAUGE, dataPoints }
  return {
    ...common(row),
    dataPointType: DataPointType.SUM,
    isMonotonic: isMonotonic(kind),
    dataPoints,
  }
}

function isMonotonic(kind: InstrumentKind): boolean {
  return kind === 'counter'
}

function common(row: MetricRow) {
  const { name, description, unit } = row
  return {
    descriptor: { name, description, unit, valueType: valueType(row) },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
}

/** Bytes and things are counted; seconds, parts and processors are measured. */
function valueType({ unit }: MetricRow): ValueType {
  const counted = unit === 'By' || (unit.startsWith('{') && unit !== '{cpu}')
  return counted ? ValueType.INT : ValueType.DOUBLE
}
