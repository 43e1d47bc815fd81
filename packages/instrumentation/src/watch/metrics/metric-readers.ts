import type { Resource } from '@opentelemetry/resources'
import {
  type IMetricReader,
  MeterProvider,
  PeriodicExportingMetricReader,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics'
import type { Settings } from '../../settings/settings.ts'
import type { MetricExporter } from '../export/metric-exporter.ts'
import { SCOPE } from '../version.ts'
import type { MetricSource, Moment } from './metric-batch.ts'
import { createProducer } from './producer.ts'
import { PullReader } from './pull-reader.ts'

export interface MetricReadersInput {
  readonly settings: Settings
  readonly resource: Resource
  readonly exporter: MetricExporter | undefined
  /** Makes the sources of one reader. */
  readonly sources: () => readonly MetricSource[]
  readonly appMetrics: () => readonly ScopeMetrics[]
  readonly clock: () => Moment
  readonly onError: (error: unknown) => void
}

/** The readers of the metrics: one that pushes by OTLP, one that is asked by `/metrics`. */
export interface MetricReaders {
  readonly periodic: PeriodicExportingMetricReader | undefined
  readonly pull: PullReader | undefined
}

/** Sets up the metrics SDK with the readers that the settings ask for. */
export function createMetricReaders(input: MetricReadersInput): MetricReaders {
  const { settings, exporter, resource } = input
  const periodic = exporter === undefined ? undefined : createPeriodic(input, exporter)
  const pull =
    settings.prometheus === undefined
      ? undefined
      : new PullReader({ metricProducers: [producerFor(input, false)] })
  const readers = [periodic, pull].filter((reader): reader is IMetricReader & typeof reader => {
    return reader !== undefined
  })
  // The provider joins the resource to what the producers give; it has no instruments of its own.
  new MeterProvider({ resource, readers })
  return { periodic, pull }
}

function createPeriodic(
  input: MetricReadersInput,
  exporter: MetricExporter,
): PeriodicExportingMetricReader {
  const { temporality, intervalMs, timeoutMs } = input.settings.metrics
  const producer = producerFor(input, temporality !== 'cumulative')
  exporter.onDelivered = () => producer.delivered()
  return new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: timeoutMs,
    metricProducers: [producer],
  })
}

function producerFor(input: MetricReadersInput, delta: boolean) {
  const { sources, appMetrics, clock, onError } = input
  return createProducer({ scope: SCOPE, sources: sources(), appMetrics, delta, clock, onError })
}
