import type { SpanRecord, SpanRecordAttributes } from '../shared/messages.ts'
import type { AppSpan } from './app-span.ts'
import type { Call, LocalRoot } from './local-root.ts'
import { newSpanId } from './trace-context.ts'

const STATUS_ERROR = 2

/** What the request handler found out about the root itself. */
export interface RootOutcome {
  readonly endMs: number
  readonly errorType: string | undefined
}

/** The spans of a kept root: its own first, then its calls and the spans of the app, as they ended. */
export function spanRecordsOf(root: LocalRoot, outcome: RootOutcome): SpanRecord[] {
  // The wall clock may have been set meanwhile, so the offset is taken now and not at the start.
  const offsetMs = Date.now() - performance.now()
  const records = [rootRecord(root, outcome, offsetMs)]
  for (const call of root.calls ?? []) records.push(callRecord(root, call, outcome, offsetMs))
  for (const span of root.spans ?? []) records.push(appSpanRecord(root, span, offsetMs))
  return records
}

function rootRecord(root: LocalRoot, outcome: RootOutcome, offsetMs: number): SpanRecord {
  const { name, kind, attributes } = root.describe()
  const { parent, ownSpan } = root
  const failed = outcome.errorType !== undefined || ownSpan?.failed === true
  return {
    traceId: root.traceId,
    spanId: root.spanId,
    ...(parent === undefined ? {} : { parentSpanId: parent.spanId, parentIsRemote: true }),
    ...(parent?.traceState === undefined ? {} : { traceState: parent.traceState }),
    name,
    kind,
    startMs: root.startMs + offsetMs,
    endMs: outcome.endMs + offsetMs,
    attributes: withOwn(withError(attributes, outcome.errorType), ownSpan),
    status: failed ? STATUS_ERROR : (ownSpan?.status ?? 0),
    ...notes(ownSpan),
    scope: ownSpan?.start.scope ?? 'chokepoint',
  }
}

function callRecord(
  root: LocalRoot,
  call: Call,
  outcome: RootOutcome,
  offsetMs: number,
): SpanRecord {
  const { shape } = call
  const attributes =
    call.details === undefined
      ? shape.attributes
      : { ...shape.attributes, ...call.details.attributes }
  return {
    traceId: root.traceId,
    spanId: call.spanId ?? newSpanId(),
    parentSpanId: call.parent?.spanId ?? root.spanId,
    name: shape.spanName,
    kind: shape.spanKind,
    startMs: call.startMs + offsetMs,
    endMs: (call.endMs ?? outcome.endMs) + offsetMs,
    attributes: withError(attributes, call.errorType),
    status: call.errorType === undefined ? 0 : STATUS_ERROR,
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
    attributes: span.attributes,
    status: span.status,
    ...notes(span),
    scope: start.scope,
    ...(start.scopeVersion === undefined ? {} : { scopeVersion: start.scopeVersion }),
  }
}

type SpanNotes = Pick<
  SpanRecord,
  'events' | 'links' | 'statusMessage' | 'droppedAttributes' | 'droppedEvents' | 'droppedLinks'
>

function withOwn(
  attributes: SpanRecordAttributes,
  span: AppSpan | undefined,
): SpanRecordAttributes {
  return span === undefined ? attributes : { ...attributes, ...span.attributes }
}

function notes(span: AppSpan | undefined): SpanNotes {
  if (span === undefined) return {}
  const { events, links, statusMessage, droppedAttributes, droppedEvents, droppedLinks } = span
  return {
    ...(events.length === 0 ? {} : { events }),
    ...(links.length === 0 ? {} : { links }),
    ...(statusMessage === undefined ? {} : { statusMessage }),
    ...(droppedAttributes === 0 ? {} : { droppedAttributes }),
    ...(droppedEvents === 0 ? {} : { droppedEvents }),
    ...(droppedLinks === 0 ? {} : { droppedLinks }),
  }
}

function withError(
  attributes: SpanRecordAttributes,
  errorType: string | undefined,
): SpanRecordAttributes {
  return errorType === undefined ? attributes : { ...attributes, 'error.type': errorType }
}
