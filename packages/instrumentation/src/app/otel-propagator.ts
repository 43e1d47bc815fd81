import {
  type Context,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api'
import { innerSpanOf, rootOf } from './local-root.ts'
import { formatTraceparent, parseTraceparent } from './trace-context.ts'

const HEADER = 'traceparent'

/** W3C trace context for instrumentations that carry it by messages: queues, gRPC. */
export class TraceContextPropagator implements TextMapPropagator {
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const caller = callerOf(context)
    if (caller === undefined) return
    const sampled = (caller.traceFlags & 1) === 1
    setter.set(carrier, HEADER, formatTraceparent(caller.traceId, caller.spanId, sampled))
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const header = getter.get(carrier, HEADER)
    const parent = parseTraceparent(Array.isArray(header) ? header[0] : header)
    if (parent === undefined) return context
    const { traceId, spanId, sampled } = parent
    return trace.setSpanContext(context, {
      traceId,
      spanId,
      traceFlags: sampled ? 1 : 0,
      isRemote: true,
    })
  }

  fields(): string[] {
    return [HEADER]
  }
}

function callerOf(context: Context): SpanContext | undefined {
  const root = rootOf(context)
  if (root === undefined) {
    const given = trace.getSpanContext(context)
    return given !== undefined && trace.isSpanContextValid(given) ? given : undefined
  }
  const span = innerSpanOf(context)
  if (span !== undefined) return span.spanContext()
  return { traceId: root.traceId, spanId: root.spanId, traceFlags: root.sampled ? 1 : 0 }
}
