import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { AggregationTemporality, InstrumentType } from '@opentelemetry/sdk-metrics'
import type { MetricSettings } from '../../settings/settings.ts'
import type { Moment } from '../metrics/metric-batch.ts'
import { rejectionReader, SERIALIZERS } from './encoding.ts'
import type { ExportLog } from './export-log.ts'
import type { OtlpSender } from './otlp-sender.ts'

export interface MetricExporterOptions {
  readonly settings: MetricSettings
  readonly sender: OtlpSender
  readonly log: ExportLog
  readonly clock: () => Moment
  /** Counts data points that the receiver rejected. */
  readonly onRejected: (points: number) => void
}

/** Sends what a periodic reader of the metrics SDK collected, by OTLP over HTTP. */
export class MetricExporter implements PushMetricExporter {
  readonly #options: MetricExporterOptions
  readonly #shutdown = new AbortController()
  /** Called when a report was taken, or refused for good: it is not to be sent again. */
  onDelivered: () => void = () => {}

  constructor(options: MetricExporterOptions) {
    this.#options = options
  }

  export(metrics: ResourceMetrics, done: (result: ExportResult) => void): void {
    this.#send(metrics).then(
      () => done({ code: ExportResultCode.SUCCESS }),
      (error: Error) => done({ code: ExportResultCode.FAILED, error }),
    )
  }

  /**
   * "Delta: Choose Delta aggregation temporality for Counter, Asynchronous Counter and Histogram
   * instrument kinds, choose Cumulative aggregation for UpDownCounter and Asynchronous
   * UpDownCounter instrument kinds. LowMemory: [...] Delta for Synchronous Counter and Histogram,
   * [...] Cumulative for Synchronous UpDownCounter, Asynchronous Counter, and Asynchronous
   * UpDownCounter." (opentelemetry.io/docs/specs/otel/metrics/sdk_exporters/otlp)
   */
  selectAggregationTemporality(instrument: InstrumentType): AggregationTemporality {
    const { temporality } = this.#options.settings
    const isDelta =
      temporality !== 'cumulative' &&
      (instrument === InstrumentType.COUNTER ||
        instrument === InstrumentType.HISTOGRAM ||
        (instrument === InstrumentType.OBSERVABLE_COUNTER && temporality === 'delta'))
    return isDelta ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE
  }

  async forceFlush(): Promise<void> {}

  /** Ends the waits between tries; a request under way may still end. */
  async shutdown(): Promise<void> {
    this.#shutdown.abort()
  }

  async #send(metrics: ResourceMetrics): Promise<void> {
    const { settings, sender, log, clock } = this.#options
    const { otlp } = settings
    if (otlp === undefined) return
    const serializer = SERIALIZERS.metrics[otlp.encoding]
    const request = serializer.serializeRequest(metrics)
    if (request === undefined) return
    const timeoutMs = Math.min(otlp.timeoutMs, settings.timeoutMs)
    const startMs = clock().monotonicMs
    const packed = sender.pack(request)
    const result = await sender.send(packed, timeoutMs, this.#shutdown.signal)
    const durationMs = clock().monotonicMs - startMs
    const readRejection = rejectionReader(serializer)
    const rejected = log.note('metrics', otlp.url, { result, durationMs, readRejection })
    if (rejected > 0) this.#options.onRejected(rejected)
    if (result.kind !== 'unavailable') this.onDelivered()
    if (result.kind !== 'taken') throw new Error(result.reason)
  }
}
