import type { Delivery } from './delivery.ts'

/** A delivery with what is needed to send it. */
export interface StoredDelivery extends Delivery {
  readonly tenant: string
  readonly body: string
  /** Failed attempts by schedule; those by hand do not count. */
  readonly failures: number
  /** When the next attempt is due, in Unix milliseconds; absent when none is or it is due at once. */
  readonly dueMs?: number
}
