import type { InstrumentationScope } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import type { OtlpSettings, Signal } from '../../settings/otlp-settings.ts'
import type { Settings } from '../../settings/settings.ts'
import type { DropCounts } from '../metrics/drop-counts.ts'
import type { Moment } from '../metrics/metric-batch.ts'
import { rejectionReader, SERIALIZERS } from './encoding.ts'
import type { ExportLog } from './export-log.ts'
import { createHttpPoster } from './http-post.ts'
import { createLogEvents, type LogEventSink } from './log-events.ts'
import { MetricExporter } from './metric-exporter.ts'
import { OtlpSender } from './otlp-sender.ts'
import { SendQueue } from './send-queue.ts'
import { SpanBatcher } from './span-batcher.ts'

/** What the pipelines of all signals share. */
export interface PipelineInput {
  readonly settings: Settings
  readonly resource: Resource
  readonly scope: InstrumentationScope
  readonly log: ExportLog
  readonly drops: DropCounts
  readonly clock: () => Moment
  readonly random: () => number
}

/** The ways out of the process; a signal that is switched off has none. */
export interface Pipelines {
  readonly metrics: MetricExporter | undefined
  readonly spans: SpanBatcher | undefined
  readonly logEvents: LogEventSink | undefined
  readonly queues: ReadonlyMap<Signal, SendQueue>
  close(): void
}

const SPAN_BYTES_MAX = 4 * 1024 * 1024
const LOG_BYTES_MAX = 512 * 1024

/** Makes the exporters that the settings ask for. */
export function createPipelines(input: PipelineInput): Pipelines {
  const { settings, scope, resource, drops, clock } = input
  const closers: (() => void)[] = []
  const queues = new Map<Signal, SendQueue>()
  const senderFor = (otlp: OtlpSettings): OtlpSender => {
    const { post, close } = createHttpPoster(otlp)
    closers.push(close)
    return new OtlpSender({ post, gzip: otlp.gzip, random: input.random, clock })
  }
  const queueFor = (signal: 'traces' | 'logs', otlp: OtlpSettings, bytesMax: number): SendQueue => {
    const kind = signal === 'traces' ? 'span' : 'log'
    const queue = new SendQueue({
      signal,
      url: otlp.url,
      sender: senderFor(otlp),
      log: input.log,
      readRejection: rejectionReader(SERIALIZERS[signal][otlp.encoding]),
      clock,
      random: input.random,
      timeoutMs: otlp.timeoutMs,
      bytesMax,
      itemsMax: signal === 'traces' ? settings.traces.queueSpansMax : Number.POSITIVE_INFINITY,
      onDropped: (items, reason) => drops.add(kind, reason, items),
    })
    queues.set(signal, queue)
    closers.push(() => queue.close())
    return queue
  }
  return {
    metrics: metricExporter(input, senderFor),
    spans: spanBatcher(input, queueFor),
    logEvents:
      settings.logs.otlp === undefined
        ? undefined
        : createLogEvents({
            resource,
            scope,
            serializer: SERIALIZERS.logs[settings.logs.otlp.encoding],
            queue: queueFor('logs', settings.logs.otlp, LOG_BYTES_MAX),
          }),
    queues,
    close: () => {
      for (const close of closers) close()
    },
  }
}

function metricExporter(
  { settings, log, drops, clock }: PipelineInput,
  senderFor: (otlp: OtlpSettings) => OtlpSender,
): MetricExporter | undefined {
  const { otlp } = settings.metrics
  if (otlp === undefined) return undefined
  return new MetricExporter({
    settings: settings.metrics,
    sender: senderFor(otlp),
    log,
    clock,
    onRejected: (points) => drops.add('point', 'rejected', points),
  })
}

function spanBatcher(
  { settings, resource, drops }: PipelineInput,
  queueFor: (signal: 'traces', otlp: OtlpSettings, bytesMax: number) => SendQueue,
): SpanBatcher | undefined {
  const { otlp } = settings.traces
  if (otlp === undefined) return undefined
  return new SpanBatcher({
    settings: settings.traces,
    resource,
    queue: queueFor('traces', otlp, SPAN_BYTES_MAX),
    onDropped: (spans) => drops.add('span', 'encoding', spans),
  })
}
