import {
  type Attributes,
  createTraceState,
  type HrTime,
  type Link,
  type SpanContext,
  TraceFlags,
} from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { SpanBatch, SpanRecord, SpanRecordLink } from '../../shared/messages.ts'
import { writeSpan } from '../../shared/otlp-span.ts'
import { OtlpWriter } from '../../shared/otlp-writer.ts'
import { hrTimeFromMs } from '../metrics/metric-batch.ts'
import { SERIALIZERS } from './encoding.ts'

/** A request for `/v1/traces` that is being filled. */
export interface SpanRequest {
  /** Spans in it. */
  readonly count: number
  /** About how long it is by now. */
  readonly bytes: number
  add(batch: SpanBatch): void
  /** The request as it is sent, undefined when it cannot be made; the next one begins. */
  take(): Uint8Array | undefined
}

interface FilledScope {
  readonly scope: string
  readonly scopeVersion: string | undefined
  readonly writer: OtlpWriter
}

// ExportTraceServiceRequest { resource_spans = 1 }   ResourceSpans { resource = 1, scope_spans = 2 }
// ScopeSpans { scope = 1, spans = 2 }   InstrumentationScope { name = 1, version = 2 }
// (opentelemetry-proto/opentelemetry/proto/trace/v1/trace.proto)
const FIRST = 0x0a
const SECOND = 0x12
/** So many scopes keep their bytes from one request to the next; an app that makes up scopes without end has none kept. */
const SCOPES_KEPT_MAX = 16

/** Puts spans together that the app threads have written as protobuf. */
export class ProtobufSpanRequest implements SpanRequest {
  readonly #resource: Uint8Array
  readonly #request = new OtlpWriter()
  readonly #scopes = new Map<string, FilledScope>()
  count = 0
  bytes = 0

  constructor(resource: Resource) {
    const writer = new OtlpWriter()
    writer.attributes(FIRST, resource.attributes)
    this.#resource = writer.copy()
  }

  add(batch: SpanBatch): void {
    this.count += batch.count
    if ('scopes' in batch) {
      for (const { scope, scopeVersion, bytes } of batch.scopes) {
        this.bytes += bytes.length
        this.#writerOf(scope, scopeVersion).append(bytes)
      }
      return
    }
    this.bytes += batch.json.length
    // A worker thread may have been given variables of its own that ask for JSON.
    for (const span of JSON.parse(batch.json) as SpanRecord[]) {
      writeSpan(this.#writerOf(span.scope, span.scopeVersion), span)
    }
  }

  take(): Uint8Array {
    const request = this.#request
    request.clear()
    const resourceSpans = request.begin(FIRST)
    request.message(FIRST, this.#resource)
    for (const { scope, scopeVersion, writer } of this.#scopes.values()) {
      if (writer.length === 0) continue
      const scopeSpans = request.begin(SECOND)
      const name = request.begin(FIRST)
      request.text(FIRST, scope)
      if (scopeVersion !== undefined) request.text(SECOND, scopeVersion)
      request.end(name)
      request.append(writer.written)
      request.end(scopeSpans)
      writer.clear()
    }
    request.end(resourceSpans)
    if (this.#scopes.size > SCOPES_KEPT_MAX) this.#scopes.clear()
    this.count = 0
    this.bytes = 0
    return request.copy()
  }

  #writerOf(scope: string, scopeVersion: string | undefined): OtlpWriter {
    const key = `${scope}\n${scopeVersion}`
    let filled = this.#scopes.get(key)
    if (filled === undefined) {
      filled = { scope, scopeVersion, writer: new OtlpWriter() }
      this.#scopes.set(key, filled)
    }
    return filled.writer
  }
}

/** Puts spans together for a receiver that is sent JSON. */
export class JsonSpanRequest implements SpanRequest {
  readonly #resource: Resource
  readonly #onDropped: (spans: number) => void
  #spans: SpanRecord[] = []
  bytes = 0

  /** @param onDropped counts spans that came as protobuf, from a worker thread with variables of its own */
  constructor(resource: Resource, onDropped: (spans: number) => void) {
    this.#resource = resource
    this.#onDropped = onDropped
  }

  get count(): number {
    return this.#spans.length
  }

  add(batch: SpanBatch): void {
    if ('scopes' in batch) {
      this.#onDropped(batch.count)
      return
    }
    this.bytes += batch.json.length
    this.#spans.push(...(JSON.parse(batch.json) as SpanRecord[]))
  }

  take(): Uint8Array | undefined {
    const spans = this.#spans.map((record) => toReadableSpan(record, this.#resource))
    this.#spans = []
    this.bytes = 0
    return SERIALIZERS.traces.json.serializeRequest(spans)
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
      : {
          parentSpanContext: {
            ...context,
            spanId: parentSpanId,
            isRemote: record.parentIsRemote === true,
          },
        }),
    startTime: hrTimeFromMs(record.startMs),
    endTime: hrTimeFromMs(record.endMs),
    duration: hrTimeFromMs(Math.max(0, record.endMs - record.startMs)),
    status: {
      code: record.status,
      ...(statusMessage === undefined ? {} : { message: statusMessage }),
    },
    attributes: { ...record.common, ...record.attributes } as Attributes,
    links: record.links?.map(toLink) ?? [],
    events: record.events?.map(toEvent) ?? [],
    ended: true,
    resource,
    instrumentationScope: {
      name: record.scope,
      ...(record.scopeVersion === undefined ? {} : { version: record.scopeVersion }),
    },
    droppedAttributesCount: record.droppedAttributes ?? 0,
    droppedEventsCount: record.droppedEvents ?? 0,
    droppedLinksCount: record.droppedLinks ?? 0,
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
