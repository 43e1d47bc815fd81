import type { Alert } from './alert.ts'
import type { Bottleneck } from './bottleneck.ts'
import type { Recommendation } from './recommendation.ts'

/** What people are told: the bodies of webhook events, by type (DESIGN §7). */
export interface EventData {
  'alert.firing': Alert
  'alert.resolved': Alert
  'bottleneck.detected': Bottleneck
  'bottleneck.resolved': Bottleneck
  'recommendation.opened': Recommendation
  'recommendation.updated': Recommendation
  'recommendation.resolved': Recommendation
  'recommendation.reopened': Recommendation
  'report.ready': { readonly format: string; readonly file: string; readonly generatedAt: string }
  'webhook.test': { readonly message: string }
}

export type EventType = keyof EventData

export const EVENT_TYPES: readonly EventType[] = [
  'alert.firing',
  'alert.resolved',
  'bottleneck.detected',
  'bottleneck.resolved',
  'recommendation.opened',
  'recommendation.updated',
  'recommendation.resolved',
  'recommendation.reopened',
  'report.ready',
  'webhook.test',
]

/** One thing that happened, ready to be told. */
export type ChokepointEvent = {
  [Type in EventType]: {
    readonly type: Type
    /** ISO 8601: when it happened, not when it is sent. */
    readonly timestamp: string
    readonly tenant: string
    readonly data: EventData[Type]
  }
}[EventType]

export type EventSink = (event: ChokepointEvent) => void
