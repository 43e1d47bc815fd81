import type { EventSink } from '../model/event.ts'
import type { Delivery } from './delivery.ts'
import type { WebhookCounts, WebhooksOptions } from './webhook-options.ts'
import { WebhookQueue } from './webhook-queue.ts'

/** Tells events to the configured endpoints, each until it is delivered or given up. */
export interface Webhooks {
  readonly sink: EventSink
  /** Newest first. */
  readonly deliveries: () => readonly Delivery[]
  /** Sends a kept delivery once more, under its id. Throws `NOT_FOUND` when it is not kept. */
  readonly redeliver: (id: string) => Promise<Delivery>
  /** Sends `webhook.test` to one endpoint or to all, and resolves after the first attempt. */
  readonly test: (endpoint?: string) => Promise<readonly Delivery[]>
  readonly counts: () => WebhookCounts
  /** Resolves when nothing is being sent and nothing is due; false when that took too long. */
  readonly flush: (timeoutMs: number) => Promise<boolean>
  /** Stops sending; what waits is kept for the next start. */
  readonly close: () => Promise<void>
}

/** Makes the webhooks and takes up again what an earlier process left undone. */
export function createWebhooks(options: WebhooksOptions): Webhooks {
  const queue = new WebhookQueue(options)
  return {
    sink: (event) => queue.tell(event),
    deliveries: () => queue.deliveries(),
    redeliver: (id) => queue.redeliver(id),
    test: (endpoint) => queue.test(endpoint),
    counts: () => queue.counts(),
    flush: (timeoutMs) => queue.flush(timeoutMs),
    close: () => queue.close(),
  }
}
