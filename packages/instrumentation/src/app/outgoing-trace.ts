import { context } from '@opentelemetry/api'
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
