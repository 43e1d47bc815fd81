import type { EventType } from '../model/event.ts'

/** One try to deliver a message. */
export interface DeliveryAttempt {
  /** ISO 8601. */
  readonly at: string
  readonly durationMs: number
  /** The HTTP status; absent when there was no answer. */
  readonly status?: number
  /** Why it failed; absent when it was delivered. */
  readonly error?: string
}

/** `dead`: given up, kept to be sent again by hand. `dropped`: pushed out of a full queue. */
export type DeliveryStatus = 'pending' | 'delivered' | 'dead' | 'dropped'

/** A message to one endpoint and what became of it. Times are ISO 8601. */
export interface Delivery {
  /** The `webhook-id`: the same on every attempt, so that a receiver can drop what it has. */
  readonly id: string
  readonly endpoint: string
  /** The address with its secret parts masked. */
  readonly url: string
  readonly type: EventType
  readonly status: DeliveryStatus
  readonly createdAt: string
  readonly bytes: number
  /** The newest attempts, oldest first. */
  readonly attempts: readonly DeliveryAttempt[]
  readonly attemptCount: number
  readonly nextAttemptAt?: string
}
