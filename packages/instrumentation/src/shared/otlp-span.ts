import type { SpanRecord, SpanRecordAttributes } from './messages.ts'
import { OtlpWriter } from './otlp-writer.ts'

// message Span {
//   trace_id = 1, span_id = 2, trace_state = 3, parent_span_id = 4, name = 5, kind = 6,
//   fixed64 start_time_unix_nano = 7, fixed64 end_time_unix_nano = 8, attributes = 9,
//   dropped_attributes_count = 10, events = 11, dropped_events_count = 12, links = 13, dropped_links_count = 14,
// Status status = 15, fixed32 flags = 16 }
// message Event { fixed64 time_unix_nano = 1, name = 2, attributes = 3 }
// message Link { trace_id = 1, span_id = 2, attributes = 4, fixed32 flags = 6 }
// message Status { message = 2, code = 3 }
// (opentelemetry-proto/opentelemetry/proto/trace/v1/trace.proto)
const SPANS = 0x12
const ATTRIBUTES = 0x4a

/** "Bits 8 and 9 represent the 3 states of whether a span's parent is remote." */
const SAMPLED = 1
const HAS_IS_REMOTE = 0x100
const IS_REMOTE = 0x200

/** Writes a span as one of the `spans` of a ScopeSpans message. */
export function writeSpan(writer: OtlpWriter, span: SpanRecord): void {
  const first = writer.begin(SPANS)
  writer.hex(0x0a, span.traceId)
  writer.hex(0x12, span.spanId)
  if (span.traceState !== undefined) writer.text(0x1a, span.traceState)
  if (span.parentSpanId !== undefined) writer.hex(0x22, span.parentSpanId)
  writer.text(0x2a, span.name)
  // SPAN_KIND_INTERNAL is 0 in the API and 1 on the wire.
  writer.varint(0x30, span.kind + 1)
  writer.nanoseconds(0x39, span.startMs)
  writer.nanoseconds(0x41, span.endMs)
  if (span.common !== undefined) writer.append(fieldsOf(span.common))
  writer.attributes(ATTRIBUTES, span.attributes)
  if (span.droppedAttributes !== undefined) writer.varint(0x50, span.droppedAttributes)
  if (span.events !== undefined) writeEvents(writer, span.events)
  if (span.droppedEvents !== undefined) writer.varint(0x60, span.droppedEvents)
  if (span.links !== undefined) writeLinks(writer, span.links)
  if (span.droppedLinks !== undefined) writer.varint(0x70, span.droppedLinks)
  if (span.status !== 0 || span.statusMessage !== undefined) {
    const status = writer.begin(0x7a)
    if (span.statusMessage !== undefined) writer.text(0x12, span.statusMessage)
    writer.varint(0x18, span.status)
    writer.end(status)
  }
  const remote = span.parentIsRemote === true ? IS_REMOTE : 0
  writer.fixed32(0x85, SAMPLED | HAS_IS_REMOTE | remote)
  writer.end(first)
}

/** What attributes that many spans have in common are on the wire. */
const written = new WeakMap<SpanRecordAttributes, Uint8Array>()

function fieldsOf(common: SpanRecordAttributes): Uint8Array {
  let fields = written.get(common)
  if (fields === undefined) {
    const writer = new OtlpWriter()
    writer.attributes(ATTRIBUTES, common)
    fields = writer.copy()
    written.set(common, fields)
  }
  return fields
}

function writeEvents(writer: OtlpWriter, events: NonNullable<SpanRecord['events']>): void {
  for (const { name, timeMs, attributes } of events) {
    const first = writer.begin(0x5a)
    writer.nanoseconds(0x09, timeMs)
    writer.text(0x12, name)
    if (attributes !== undefined) writer.attributes(0x1a, attributes)
    writer.end(first)
  }
}

function writeLinks(writer: OtlpWriter, links: NonNullable<SpanRecord['links']>): void {
  for (const { traceId, spanId, attributes } of links) {
    const first = writer.begin(0x6a)
    writer.hex(0x0a, traceId)
    writer.hex(0x12, spanId)
    if (attributes !== undefined) writer.attributes(0x22, attributes)
    writer.fixed32(0x35, HAS_IS_REMOTE)
    writer.end(first)
  }
}
