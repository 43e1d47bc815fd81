import type { ErrorSink } from './guard.ts'
import { innerSpanOf, rootOf } from './local-root.ts'
import { ownerOf } from './prototype-owner.ts'
import type { RequestTracker } from './request-tracker.ts'

/** What the log libraries are told by. */
export interface LogParts {
  readonly tracker: RequestTracker
  readonly report: ErrorSink
}

/**
 * The fields that lead from a log record to its trace, "trace_id", "span_id" and "trace_flags"
 * (opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context).
 */
interface TraceFields {
  readonly trace_id: string
  readonly span_id: string
  readonly trace_flags: string
}

/** The fields of whoever runs now; undefined outside of any request. They are there for each request, sampled or not. */
function traceFields({ tracker, report }: LogParts): TraceFields | undefined {
  try {
    const context = tracker.store.getStore()
    const root = rootOf(context)
    if (root === undefined) return undefined
    return {
      trace_id: root.traceId,
      span_id: innerSpanOf(context)?.spanId ?? root.spanId,
      trace_flags: tracker.chooser.choose(root) ? '01' : '00',
    }
  } catch (error) {
    report(error)
    return undefined
  }
}

type AsJson = (this: unknown, ...args: unknown[]) => unknown

/** Prepares `pino` (5 and newer): the fields are put at the end of each line that it writes. */
export function preparePino(exported: unknown, parts: LogParts): void {
  const pino = exported as {
    (options: object, stream: object): object
    symbols?: { asJsonSym?: symbol }
  }
  const key = pino.symbols?.asJsonSym
  if (key === undefined) return
  const sample = pino({ enabled: false }, { write() {} }) as Record<symbol, AsJson>
  const prototype = ownerOf(sample, key)
  const asJson = prototype?.[key]
  if (prototype === undefined || asJson === undefined) return
  prototype[key] = function chokepointAsJson(...args) {
    const line = asJson.apply(this, args)
    const fields = traceFields(parts)
    return fields === undefined || typeof line !== 'string' ? line : withFields(line, fields)
  }
}

/** A line of JSON with the fields at its end; one that has them already is left as it is. */
function withFields(line: string, fields: TraceFields): string {
  const end = line.lastIndexOf('}')
  if (end <= 1 || line.includes('"trace_id":')) return line
  const { trace_id, span_id, trace_flags } = fields
  const more = `,"trace_id":"${trace_id}","span_id":"${span_id}","trace_flags":"${trace_flags}"`
  return line.slice(0, end) + more + line.slice(end)
}

type Write = (this: unknown, record: unknown, ...rest: unknown[]) => unknown

/** Prepares the logger of `winston` 3: each record gets the fields before it goes to formats and transports. */
export function prepareWinston(exported: unknown, parts: LogParts): void {
  const { prototype } = exported as { prototype?: { write?: Write } }
  if (prototype === undefined || typeof prototype.write !== 'function') return
  // The stream's own `write` lies deeper: it is shared with streams that are no loggers.
  const write = prototype.write
  prototype.write = function chokepointWrite(record, ...rest) {
    const fields = isRecord(record) ? traceFields(parts) : undefined
    if (fields === undefined) return write.call(this, record, ...rest)
    // A record may be an object of the app's, an error even: it stays behind this one, untouched.
    const marked = Object.assign(Object.create(record as object), fields, record)
    return write.call(this, marked, ...rest)
  }
}

type Emit = (this: unknown, record: unknown, ...rest: unknown[]) => unknown

/** Prepares `bunyan`: it makes each record itself, so the fields are put into it. */
export function prepareBunyan(exported: unknown, parts: LogParts): void {
  const { prototype } = exported as { prototype?: { _emit?: Emit } }
  const emit = prototype?._emit
  if (prototype === undefined || typeof emit !== 'function') return
  prototype._emit = function chokepointEmit(record, ...rest) {
    const fields = isRecord(record) ? traceFields(parts) : undefined
    if (fields !== undefined && !('trace_id' in (record as object))) {
      Object.assign(record as object, fields)
    }
    return emit.call(this, record, ...rest)
  }
}

function isRecord(record: unknown): boolean {
  return typeof record === 'object' && record !== null
}
