import type { InstrumentationScope } from '@opentelemetry/core'
import { emptyResource } from '@opentelemetry/resources'
import type {
  CollectionResult,
  MetricData,
  MetricProducer,
  ScopeMetrics,
} from '@opentelemetry/sdk-metrics'
import { DeltaConverter } from './delta.ts'
import type { MetricSource, Moment } from './metric-batch.ts'

/** What one reader of the metrics gets, and how. */
export interface ProducerOptions {
  readonly scope: InstrumentationScope
  /** Each reader needs sources of its own: utilizations are since that reader's last look. */
  readonly sources: readonly MetricSource[]
  /** The app's own OpenTelemetry instruments, cumulative. */
  readonly appMetrics: () => readonly ScopeMetrics[]
  readonly delta: boolean
  readonly clock: () => Moment
  readonly onError: (error: unknown) => void
}

/** A producer that is told when its newest report is not needed again. */
export interface ReportProducer extends MetricProducer {
  delivered(): void
}

/**
 * Joins all sources to one stream for a metric reader of the SDK. One source that fails leaves the
 * others as they are.
 */
export function createProducer(options: ProducerOptions): ReportProducer {
  const converter = options.delta ? new DeltaConverter() : undefined
  return {
    delivered: () => converter?.delivered(),
    async collect(): Promise<CollectionResult> {
      const moment = options.clock()
      const metrics = options.sources.flatMap((source) => {
        try {
          return source.collect(moment)
        } catch (error) {
          options.onError(error)
          return []
        }
      })
      const scopes = [
        { scope: options.scope, metrics: joinByName(metrics) },
        ...options.appMetrics(),
      ]
      const scopeMetrics = converter?.convert(scopes) ?? scopes
      return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] }
    },
  }
}

/** Two sources may tell different series of one metric: it is told once, with the points of both. */
function joinByName(metrics: readonly MetricData[]): MetricData[] {
  const byName = new Map<string, MetricData>()
  for (const metric of metrics) {
    const { name } = metric.descriptor
    const known = byName.get(name)
    const dataPoints = [...(known?.dataPoints ?? []), ...metric.dataPoints]
    byName.set(name, known === undefined ? metric : ({ ...known, dataPoints } as MetricData))
  }
  return [...byName.values()]
}
