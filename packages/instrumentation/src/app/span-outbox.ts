import { clearTimeout, setTimeout } from 'node:timers'
import type { SpanRecord } from '../shared/messages.ts'

/** Sends a batch to the watch thread; false when it cannot take one now. */
export type SendSpans = (json: string, count: number) => boolean

const BATCH_SPANS_MAX = 256
const BATCH_BYTES_MAX = 256 * 1024
/** What is held while the watch thread cannot take more; about 2 MB in UTF-16. */
const HELD_BYTES_MAX = 1024 * 1024
const SEND_AFTER_MS = 500

/** Collects ended spans as JSON and sends them in batches, bounded in bytes. */
export class SpanOutbox {
  readonly #send: SendSpans
  readonly #onDrop: (count: number) => void
  #parts: string[] = []
  #bytes = 0
  /** The last batch was refused: the timer tries again, not each span. */
  #refused = false
  #timer: NodeJS.Timeout | undefined

  constructor(send: SendSpans, onDrop: (count: number) => void) {
    this.#send = send
    this.#onDrop = onDrop
  }

  /** Takes the spans of one kept root. */
  add(spans: readonly SpanRecord[]): void {
    for (const span of spans) {
      const json = JSON.stringify(span)
      if (this.#bytes + json.length > HELD_BYTES_MAX) {
        this.#onDrop(1)
        continue
      }
      this.#parts.push(json)
      this.#bytes += json.length
    }
    const full = this.#parts.length >= BATCH_SPANS_MAX || this.#bytes >= BATCH_BYTES_MAX
    if (full && !this.#refused) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), SEND_AFTER_MS).unref()
  }

  /** Sends what there is; what cannot be sent now is held for the next time. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#parts.length === 0) return
    this.#refused = !this.#send(`[${this.#parts.join(',')}]`, this.#parts.length)
    if (!this.#refused) {
      this.#parts = []
      this.#bytes = 0
    } else {
      this.#timer = setTimeout(() => this.flush(), SEND_AFTER_MS).unref()
    }
  }
}
