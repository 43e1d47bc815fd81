import type { Limits } from '../config/limits.ts'
import type { WebhookConfig } from '../config/schema.ts'
import type { Clock } from '../model/clock.ts'
import type { Delivery } from './delivery.ts'
import type { PostFunc } from './http-post.ts'

/** Runs a function after a wait and gives the way to call it off. */
export type ScheduleFunc = (delayMs: number, run: () => void) => () => void

/** What webhooks are made of. */
export interface WebhooksOptions {
  readonly endpoints: readonly WebhookConfig[]
  readonly clock: Clock
  /** A number of 0 up to 1: jitter, and part of each id. */
  readonly random: () => number
  /** Where deliveries are kept over restarts; absent: in memory only. */
  readonly stateFile?: string
  /** The address of the live page as people reach it, for links. */
  readonly externalUrl?: string
  readonly limits?: Pick<Limits, 'queueBytesMax' | 'deliveriesMax' | 'webhookBodyBytesMax'>
  /** Told of each step of a delivery: made, tried, delivered, given up. */
  readonly onDelivery?: (delivery: Delivery) => void
  /** Told in one sentence what the disk refused; deliveries then go on in memory. */
  readonly onProblem?: (message: string) => void
  readonly post?: PostFunc
  readonly schedule?: ScheduleFunc
}

/** How many deliveries ended how since the start, and what waits. */
export interface WebhookCounts {
  readonly delivered: number
  readonly failedAttempts: number
  readonly dead: number
  readonly dropped: number
  readonly pending: number
  readonly pendingBytes: number
}
