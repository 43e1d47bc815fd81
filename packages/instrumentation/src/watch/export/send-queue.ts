import type { Signal } from '../../settings/otlp-settings.ts'
import type { Moment } from '../metrics/metric-batch.ts'
import type { ExportLog, RejectionReader } from './export-log.ts'
import type { OtlpSender, SendResult } from './otlp-sender.ts'

export interface SendQueueOptions {
  readonly signal: Signal
  readonly url: string
  readonly sender: OtlpSender
  readonly log: ExportLog
  readonly readRejection: RejectionReader
  readonly clock: () => Moment
  readonly random: () => number
  /** How long one try may take. */
  readonly timeoutMs: number
  /** Packed requests beyond this are dropped, the oldest first. */
  readonly bytesMax: number
  /** The same of the items in them. */
  readonly itemsMax: number
  /** Counts items that will never arrive. */
  readonly onDropped: (items: number, reason: 'queue_full' | 'refused' | 'rejected') => void
}

interface Entry {
  readonly packed: Uint8Array
  readonly items: number
}

const WAIT_FIRST_MS = 500
const WAIT_MAX_MS = 30_000

/**
 * Requests that wait to be sent, in order, bounded in bytes. While the receiver is away the head is
 * tried again with growing, random waits, and what is oldest makes room for what is new.
 */
export class SendQueue {
  readonly #options: SendQueueOptions
  readonly #entries: Entry[] = []
  #bytes = 0
  #items = 0
  #sending: Promise<void> | undefined
  #retry: NodeJS.Timeout | undefined
  #waitMs = WAIT_FIRST_MS

  constructor(options: SendQueueOptions) {
    this.#options = options
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** Packs a request with so many items in it, and sends it as soon as its turn comes. */
  push(request: Uint8Array, items: number): void {
    const { bytesMax, itemsMax, sender, onDropped } = this.#options
    const packed = sender.pack(request)
    if (packed.length > bytesMax || items > itemsMax) {
      onDropped(items, 'queue_full')
      return
    }
    while (this.#bytes + packed.length > bytesMax || this.#items + items > itemsMax) {
      this.#dropHead('queue_full')
    }
    this.#entries.push({ packed, items })
    this.#bytes += packed.length
    this.#items += items
    if (this.#retry === undefined) void this.#drain()
  }

  /** Resolves when all is sent, or when the receiver does not take the head. */
  async flush(): Promise<void> {
    clearTimeout(this.#retry)
    this.#retry = undefined
    await this.#drain()
  }

  /** Stops trying. */
  close(): void {
    clearTimeout(this.#retry)
    this.#retry = undefined
    this.#entries.length = 0
    this.#bytes = 0
    this.#items = 0
  }

  #drain(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
    })
    return this.#sending
  }

  async #sendAll(): Promise<void> {
    for (let head = this.#entries[0]; head !== undefined; head = this.#entries[0]) {
      const result = await this.#sendOne(head)
      if (result.kind === 'unavailable') {
        this.#retryLater(result.retryAfterMs)
        return
      }
      this.#waitMs = WAIT_FIRST_MS
      // It may have made room for newer ones meanwhile.
      if (this.#entries[0] !== head) continue
      if (result.kind === 'refused') this.#dropHead('refused')
      else this.#removeHead()
    }
  }

  async #sendOne({ packed }: Entry): Promise<SendResult> {
    const { clock, sender, timeoutMs, log, signal, url, readRejection } = this.#options
    const startMs = clock().monotonicMs
    const result = await sender.attempt(packed, timeoutMs)
    const durationMs = clock().monotonicMs - startMs
    const rejected = log.note(signal, url, { result, durationMs, readRejection })
    if (rejected > 0) this.#options.onDropped(rejected, 'rejected')
    return result
  }

  #retryLater(retryAfterMs: number | undefined): void {
    const jitter = 0.7 + 0.6 * this.#options.random()
    const waitMs = Math.min(retryAfterMs ?? this.#waitMs * jitter, 10 * WAIT_MAX_MS)
    this.#waitMs = Math.min(this.#waitMs * 2, WAIT_MAX_MS)
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      void this.#drain()
    }, waitMs)
    this.#retry.unref()
  }

  #dropHead(reason: 'queue_full' | 'refused'): void {
    const items = this.#entries[0]?.items ?? 0
    this.#removeHead()
    this.#options.onDropped(items, reason)
  }

  #removeHead(): void {
    const head = this.#entries.shift()
    this.#bytes -= head?.packed.length ?? 0
    this.#items -= head?.items ?? 0
  }
}
