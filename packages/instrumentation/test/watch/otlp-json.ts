/** OTLP as JSON, as far as the tests read it. */
export interface KeyValue {
  readonly key: string
  readonly value: Record<string, unknown>
}

export interface JsonPoint {
  readonly attributes: readonly KeyValue[]
  readonly asInt?: number | string
  readonly asDouble?: number
  readonly count?: number | string
  readonly sum?: number
  readonly bucketCounts?: readonly (number | string)[]
  readonly startTimeUnixNano: string
  readonly timeUnixNano: string
}

interface JsonData {
  readonly dataPoints: readonly JsonPoint[]
  readonly isMonotonic?: boolean
  readonly aggregationTemporality?: number
}

export interface JsonMetric {
  readonly name: string
  readonly unit: string
  readonly sum?: JsonData
  readonly gauge?: JsonData
  readonly histogram?: JsonData
}

interface JsonResource {
  readonly attributes: readonly KeyValue[]
}

export interface MetricsJson {
  readonly resourceMetrics: readonly {
    readonly resource: JsonResource
    readonly scopeMetrics: readonly { readonly metrics: readonly JsonMetric[] }[]
  }[]
}

export interface TracesJson {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly Record<string, unknown>[] }[]
  }[]
}

export interface LogsJson {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly {
      readonly logRecords: readonly {
        readonly eventName: string
        readonly severityText: string
        readonly body: Record<string, unknown>
        readonly attributes: readonly KeyValue[]
      }[]
    }[]
  }[]
}

/** One point with its attributes as a plain object. */
export interface OtlpPoint {
  readonly attributes: Record<string, unknown>
  readonly value: number
  readonly count: number
  readonly sum: number | undefined
  readonly bucketCounts: readonly number[]
  readonly startMs: number
  readonly timeMs: number
}

export interface OtlpMetric {
  readonly name: string
  readonly unit: string
  readonly kind: 'sum' | 'gauge' | 'histogram'
  readonly isMonotonic: boolean
  readonly temporality: number
  readonly points: readonly OtlpPoint[]
}

/** All metrics of a request, or those of one name. */
export function readMetrics(request: MetricsJson, name?: string): OtlpMetric[] {
  const scopes = request.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics)
  return scopes.flatMap(({ metrics }) =>
    metrics.filter((metric) => name === undefined || metric.name === name).map(readMetric),
  )
}

function readMetric(metric: JsonMetric): OtlpMetric {
  const kind = metric.sum ? 'sum' : metric.gauge ? 'gauge' : 'histogram'
  const { isMonotonic = false, aggregationTemporality = 0, dataPoints } = metric[kind]!
  return {
    name: metric.name,
    unit: metric.unit,
    kind,
    isMonotonic,
    temporality: aggregationTemporality,
    points: dataPoints.map((point) => ({
      attributes: readAttributes(point.attributes),
      value: Number(point.asInt ?? point.asDouble ?? Number.NaN),
      count: Number(point.count),
      sum: point.sum,
      bucketCounts: point.bucketCounts?.map(Number) ?? [],
      startMs: Number(point.startTimeUnixNano) / 1e6,
      timeMs: Number(point.timeUnixNano) / 1e6,
    })),
  }
}

/** OTLP key-values as a plain object. */
export function readAttributes(attributes: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
