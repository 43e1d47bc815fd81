import {
  type Context,
  createTraceState,
  propagation,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api'
import { BAGGAGE_HEADER, formatBaggage, parseBaggage } from './baggage.ts'
import { innerSpanOf, rootOf } from './local-root.ts'
import type { RequestTracker } from './request-tracker.ts'
import { formatTraceparent, parseTraceparent, withTraceState } from './trace-context.ts'

const PARENT = 'traceparent'
const STATE = 'tracestate'

/** W3C trace context and baggage for those who carry them by messages: queues, gRPC, the app itself. */
export class W3cPropagator implements TextMapPropagator {
  readonly #tracker: Pick<RequestTracker, 'propagates' | 'carriesBaggage'>

  /** @param tracker tells which of the two are on */
  constructor(tracker: Pick<RequestTracker, 'propagates' | 'carriesBaggage'>) {
    this.#tracker = tracker
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const { propagates, carriesBaggage } = this.#tracker
    const caller = propagates ? callerOf(context) : undefined
    if (caller !== undefined) {
      const sampled = (caller.traceFlags & 1) === 1
      setter.set(carrier, PARENT, formatTraceparent(caller.traceId, caller.spanId, sampled))
      const state = rootOf(context)?.parent?.traceState ?? caller.traceState?.serialize()
      if (state !== undefined) setter.set(carrier, STATE, state)
    }
    const baggage = carriesBaggage ? formatBaggage(propagation.getBaggage(context)) : undefined
    if (baggage !== undefined) setter.set(carrier, BAGGAGE_HEADER, baggage)
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const { propagates, carriesBaggage } = this.#tracker
    const read = (name: string): string | undefined => {
      const header = getter.get(carrier, name)
      return Array.isArray(header) ? header.join(',') : header
    }
    const parent = propagates
      ? withTraceState(parseTraceparent(read(PARENT)), read(STATE))
      : undefined
    const baggage = carriesBaggage ? parseBaggage(read(BAGGAGE_HEADER)) : undefined
    let extracted = context
    if (parent !== undefined) {
      const { traceId, spanId, sampled, traceState } = parent
      extracted = trace.setSpanContext(extracted, {
        traceId,
        spanId,
        traceFlags: sampled ? 1 : 0,
        isRemote: true,
        ...(traceState === undefined ? {} : { traceState: createTraceState(traceState) }),
      })
    }
    return baggage === undefined ? extracted : propagation.setBaggage(extracted, baggage)
  }

  fields(): string[] {
    const { propagates, carriesBaggage } = this.#tracker
    return [...(propagates ? [PARENT, STATE] : []), ...(carriesBaggage ? [BAGGAGE_HEADER] : [])]
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
