import { createHash } from 'node:crypto'
import { DeliveryStore } from './delivery-store.ts'
import type { StoredDelivery } from './stored-delivery.ts'

/** The bounds of a ledger, and where it is kept. */
export interface DeliveryLedgerOptions {
  readonly pendingBytesMax: number
  readonly endedMax: number
  readonly file: string | undefined
  /** Told in one sentence what the disk refused. */
  readonly onProblem: (message: string) => void
  /** Told of a pending delivery that was pushed out, with its status changed. */
  readonly onDrop: (delivery: StoredDelivery) => void
}

/** All deliveries that are kept, oldest first, within bounds: in memory and, with a file, over restarts. */
export class DeliveryLedger {
  readonly #options: DeliveryLedgerOptions
  readonly #store: DeliveryStore | undefined
  readonly #kept = new Map<string, StoredDelivery>()
  #disabled: Readonly<Record<string, string>> = {}
  #pendingBytes = 0
  #ended = 0

  constructor(options: DeliveryLedgerOptions) {
    this.#options = options
    if (options.file === undefined) return
    const store = new DeliveryStore(options.file, options.onProblem)
    const state = store.open()
    this.#disabled = state.disabled
    for (const delivery of state.deliveries) this.keep(delivery)
    this.#store = store
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  get(id: string): StoredDelivery | undefined {
    return this.#kept.get(id)
  }

  all(): StoredDelivery[] {
    return [...this.#kept.values()]
  }

  pending(): readonly StoredDelivery[] {
    return this.all().filter(({ status }) => status === 'pending')
  }

  /** Takes a delivery, new or changed; pushes the oldest ones out when a bound is met. */
  keep(delivery: StoredDelivery): void {
    const old = this.#kept.get(delivery.id)
    if (old !== undefined) this.#count(old, -1)
    this.#kept.set(delivery.id, delivery)
    this.#count(delivery, 1)
    this.#store?.put(delivery)
    if (this.#pendingBytes > this.#options.pendingBytesMax) this.#dropPending(delivery.id)
    if (this.#ended > this.#options.endedMax) this.#forgetEnded(delivery.id)
    if (this.#store?.wantsRewrite) {
      this.#store.rewrite({ deliveries: this.all(), disabled: this.#disabled })
    }
  }

  isDisabled(endpoint: string, url: string): boolean {
    return Object.hasOwn(this.#disabled, endpoint) && this.#disabled[endpoint] === hashOf(url)
  }

  disable(endpoint: string, url: string): void {
    this.#setDisabled({ ...this.#disabled, [endpoint]: hashOf(url) })
  }

  enable(endpoint: string): void {
    if (!Object.hasOwn(this.#disabled, endpoint)) return
    const { [endpoint]: _, ...rest } = this.#disabled
    this.#setDisabled(rest)
  }

  close(): void {
    this.#store?.close()
  }

  #setDisabled(disabled: Readonly<Record<string, string>>): void {
    this.#disabled = disabled
    this.#store?.putDisabled(disabled)
  }

  #count(delivery: StoredDelivery, sign: 1 | -1): void {
    if (delivery.status === 'pending') this.#pendingBytes += sign * delivery.bytes
    else this.#ended += sign
  }

  /** Drops the oldest pending deliveries, but not the one that just came. */
  #dropPending(newest: string): void {
    for (const delivery of this.pending()) {
      if (this.#pendingBytes <= this.#options.pendingBytesMax) return
      if (delivery.id === newest) continue
      const { dueMs: _, nextAttemptAt: __, ...rest } = delivery
      const dropped: StoredDelivery = { ...rest, status: 'dropped', body: delivery.body }
      this.keep(dropped)
      this.#options.onDrop(dropped)
    }
  }

  /** Forgets the oldest ended deliveries, but not the one that just ended, which may have been sent by hand. */
  #forgetEnded(newest: string): void {
    for (const [id, delivery] of this.#kept) {
      if (this.#ended <= this.#options.endedMax) return
      if (delivery.status === 'pending' || id === newest) continue
      this.#kept.delete(id)
      this.#count(delivery, -1)
    }
  }
}

/** The address of a chat's webhook is its key, so the file knows only its hash. */
function hashOf(url: string): string {
  return createHash('sha256').update(url).digest('hex')
}
