import type { SpanRecord, SpanRecordAttributes } from '../shared/messages.ts'
import { nowMs, wallNowMs } from '../shared/own-clock.ts'
import type { AppSpan } from './app-span.ts'
import type { Call, LocalRoot } from './local-root.ts'
import type { SpanOutbox } from './span-outbox.ts'
import { shownAttributes } from './statement-attributes.ts'
import { newSpanId } from './trace-context.ts'

const STATUS_ERROR = 2
const NONE: SpanRecordAttributes = {}

/** What the request handler found out about the root itself. */
export interface RootOutcome {
  readonly endMs: number
  readonly errorType: string | undefined
}

/** Sends the spans of a kept root: its own first, then its calls and the spans of the app, as they ended. */
export function sendSpansOf(root: LocalRoot, outcome: RootOutcome, outbox: SpanOutbox): void {
  // The wall clock may have been set meanwhile, so the offset is taken now and not at the start.
  const offsetMs = wallNowMs() - nowMs()
  outbox.add(rootRecord(root, outcome, offsetMs))
  for (let call = root.firstCall; call !== undefined; call = call.next) {
    outbox.add(callRecord(root, call, outcome, offsetMs))
  }
  const { spans } = root
  if (spans !== undefined) {
    for (const span of spans) outbox.add(appSpanRecord(root, span, offsetMs))
  }
}

function rootRecord(root: LocalRoot, outcome: RootOutcome, offsetMs: number): SpanRecord {
  const { name, kind, common, attributes } = root.describe()
  const { parent, ownSpan } = root
  const { errorType } = outcome
  const record = {
    traceId: root.traceId,
    spanId: root.spanId,
    parentSpanId: parent?.spanId,
    parentIsRemote: parent === undefined ? undefined : true,
    traceState: parent?.traceState,
    name,
    kind,
    startMs: root.startMs + offsetMs,
    endMs: outcome.endMs + offsetMs,
    common,
    attributes: withError(attributes, errorType),
    status: errorType === undefined ? 0 : STATUS_ERROR,
    scope: 'chokepoint',
  }
  if (ownSpan === undefined) return record
  return {
    ...record,
    // What the app has set replaces what we know.
    common: undefined,
    attributes: {
      ...common,
      ...record.attributes,
      ...shownAttributes(ownSpan.start.kind, ownSpan.attributes),
    },
    status: errorType === undefined ? ownSpan.status : STATUS_ERROR,
    scope: ownSpan.start.scope,
    ...notes(ownSpan),
  }
}

function callRecord(
  root: LocalRoot,
  call: Call,
  outcome: RootOutcome,
  offsetMs: number,
): SpanRecord {
  const { shape, errorType } = call
  return {
    traceId: root.traceId,
    spanId: call.spanId ?? newSpanId(),
    parentSpanId: call.parent?.spanId ?? root.spanId,
    parentIsRemote: undefined,
    traceState: undefined,
    name: shape.spanName,
    kind: shape.spanKind,
    startMs: call.startMs + offsetMs,
    endMs: (call.endMs ?? outcome.endMs) + offsetMs,
    common: shape.attributes,
    attributes: withError(call.details?.attributes ?? NONE, errorType),
    status: errorType === undefined ? 0 : STATUS_ERROR,
    scope: shape.scope,
  }
}

function appSpanRecord(root: LocalRoot, span: AppSpan, offsetMs: number): SpanRecord {
  const { start } = span
  return {
    traceId: root.traceId,
    spanId: span.spanId,
    parentSpanId: start.parentSpanId ?? root.spanId,
    name: span.name,
    kind: start.kind,
    startMs: start.startMs + offsetMs,
    endMs: span.endMs! + offsetMs,
    attributes: shownAttributes(start.kind, span.attributes),
    status: span.status,
    scope: start.scope,
    scopeVersion: start.scopeVersion,
    ...notes(span),
  }
}

/** What the app has noted on a span beside its attributes; undefined where there is nothing. */
function notes(
  span: AppSpan,
): Pick<
  SpanRecord,
  'events' | 'links' | 'statusMessage' | 'droppedAttributes' | 'droppedEvents' | 'droppedLinks'
> {
  const { events, links, statusMessage, droppedAttributes, droppedEvents, droppedLinks } = span
  return {
    events: events.length === 0 ? undefined : events,
    links: links.length === 0 ? undefined : links,
    statusMessage,
    droppedAttributes: droppedAttributes || undefined,
    droppedEvents: droppedEvents || undefined,
    droppedLinks: droppedLinks || undefined,
  }
}

function withError(
  attributes: SpanRecordAttributes,
  errorType: string | undefined,
): SpanRecordAttributes {
  return errorType === undefined ? attributes : { ...attributes, 'error.type': errorType }
}
