import { context, propagation } from '@opentelemetry/api'
import { formatBaggage } from './baggage.ts'
import type { Call } from './local-root.ts'
import { rootOf } from './local-root.ts'
import type { RequestTracker } from './request-tracker.ts'
import { formatTraceparent, newSpanId } from './trace-context.ts'

/**
 * The `traceparent` header of a call; undefined outside of any request: a call that has no cause in this process
 * begins its trace where it arrives.
 */
export function traceparentOf(tracker: RequestTracker, call: Call): string | undefined {
  if (!tracker.propagates) return undefined
  const root = call.root ?? rootOf(context.active())
  if (root === undefined) return undefined
  const sampled = tracker.chooser.choose(root)
  call.spanId ??= newSpanId()
  return formatTraceparent(root.traceId, call.spanId, sampled)
}

/** The `tracestate` header that goes with it: the caller's, handed on. */
export function traceStateOf(call: Call): string | undefined {
  return (call.root ?? rootOf(context.active()))?.parent?.traceState
}

/** The `baggage` header of a call: that of the active context, whether it came with a request or the app has set it. */
export function baggageOf(tracker: RequestTracker): string | undefined {
  if (!tracker.carriesBaggage) return undefined
  const active = tracker.store.getStore()
  return active === undefined ? undefined : formatBaggage(propagation.getBaggage(active))
}
