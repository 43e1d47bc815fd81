import {
  type Attributes,
  createTraceState,
  type HrTime,
  type Link,
  type SpanContext,
  TraceFlags,
} from '@opentelemetry/api'
import type { ISerializer } from '@opentelemetry/otlp-transformer'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { TraceSettings } from '../../settings/settings.ts'
import type { SpanRecord, SpanRecordLink } from '../../shared/messages.ts'
import { hrTimeFromMs } from '../metrics/metric-batch.ts'
import type { SendQueue } from './send-queue.ts'

export interface SpanBatcherOptions {
  readonly settings: TraceSettings
  readonly resource: Resource
  readonly serializer: ISerializer<ReadableSpan[], unknown>
  readonly queue: SendQueue
  readonly onDropped: (spans: number) => void
}

/** Collects ended spans into batches, by count and by time, and puts them on the queue as OTLP. */
export class SpanBatcher {
  readonly #options: SpanBatcherOptions
  readonly #timer: NodeJS.Timeout
  #spans: SpanRecord[] = []

  constructor(options: SpanBatcherOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.seal(), options.settings.batchDelayMs)
    this.#timer.unref()
  }

  add(spans: readonly SpanRecord[]): void {
    const { batchSpansMax } = this.#options.settings
    for (const span of spans) {
      this.#spans.push(span)
      if (this.#spans.length >= batchSpansMax) this.seal()
    }
  }

  /** Ends the batch that is being filled. */
  seal(): void {
    const records = this.#spans
    if (records.length === 0) return
    this.#spans = []
    const { serializer, queue, resource, onDropped } = this.#options
    const request = serializer.serializeRequest(
      records.map((record) => toReadableSpan(record, resource)),
    )
    if (request === undefined) onDropped(records.length)
    else queue.push(request, records.length)
  }

  /** Sends all that there is. */
  async flush(): Promise<void> {
    this.seal()
    await this.#options.queue.flush()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#options.queue.close()
  }
}

/** A span as the OTLP serializer of the SDK wants it. */
export function toReadableSpan(record: SpanRecord, resource: Resource): ReadableSpan {
  const context = contextOf(record)
  const { parentSpanId, statusMessage } = record
  return {
    name: record.name,
    kind: record.kind,
    spanContext: () => context,
    ...(parentSpanId === undefined
      ? {}
      : { parentSpanContext: { ...context, spanId: parentSpanId } }),
    startTime: hrTimeFromMs(record.startMs),
    endTime: hrTimeFromMs(record.endMs),
    duration: hrTimeFromMs(Math.max(0, record.endMs - record.startMs)),
    status: {
      code: record.status,
      ...(statusMessage === undefined ? {} : { message: statusMessage }),
    },
    attributes: record.attributes as Attributes,
    links: record.links?.map(toLink) ?? [],
    events: record.events?.map(toEvent) ?? [],
    ended: true,
    resource,
    instrumentationScope: {
      name: record.scope,
      ...(record.scopeVersion === undefined ? {} : { version: record.scopeVersion }),
    },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

function contextOf(record: SpanRecord): SpanContext {
  const { traceId, spanId, traceState } = record
  return {
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    ...(traceState === undefined ? {} : { traceState: createTraceState(traceState) }),
  }
}

function toLink({ traceId, spanId, attributes }: SpanRecordLink): Link {
  return {
    context: { traceId, spanId, traceFlags: TraceFlags.NONE },
    ...(attributes === undefined ? {} : { attributes: attributes as Attributes }),
  }
}

function toEvent(event: NonNullable<SpanRecord['events']>[number]): ReadableSpan['events'][number] {
  const time: HrTime = hrTimeFromMs(event.timeMs)
  return {
    name: event.name,
    time,
    ...(event.attributes === undefined ? {} : { attributes: event.attributes as Attributes }),
  }
}
