import { clearTimeout, setTimeout } from 'node:timers'
import type { SpanBatch, SpanRecord } from '../shared/messages.ts'
import type { SpanForm } from './span-forms.ts'

/** Sends a batch to the watch thread; false when it cannot take one now. */
export type SendSpans = (batch: SpanBatch) => boolean

export interface SpanOutboxOptions {
  readonly form: SpanForm
  readonly send: SendSpans
  readonly onDrop: (count: number) => void
  /** Most spans of one batch. */
  readonly batchSpansMax: number
}

const BATCH_SPANS_MAX = 256
const BATCH_BYTES_MAX = 256 * 1024
/** While the watch thread cannot take more, no span is added to what is held beyond this. */
const HELD_BYTES_MAX = 1024 * 1024
const SEND_AFTER_MS = 500

/** Collects ended spans and sends them in batches, bounded in number and in bytes. */
export class SpanOutbox {
  readonly #form: SpanForm
  readonly #send: SendSpans
  readonly #onDrop: (count: number) => void
  readonly #batchSpansMax: number
  /** The last batch was refused: the timer tries again, not each span. */
  #refused = false
  #timer: NodeJS.Timeout | undefined

  constructor({ form, send, onDrop, batchSpansMax }: SpanOutboxOptions) {
    this.#form = form
    this.#send = send
    this.#onDrop = onDrop
    this.#batchSpansMax = Math.min(BATCH_SPANS_MAX, batchSpansMax)
  }

  /** Takes a span; it is of no more use to the outbox when this returns. */
  add(span: SpanRecord): void {
    const form = this.#form
    if (form.bytes >= HELD_BYTES_MAX) {
      this.#onDrop(1)
      return
    }
    form.add(span)
    const full = form.count >= this.#batchSpansMax || form.bytes >= BATCH_BYTES_MAX
    if (full && !this.#refused) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), SEND_AFTER_MS).unref()
  }

  /** Sends what there is; what cannot be sent now is held for the next time. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#form.count === 0) return
    this.#refused = !this.#sendOrDrop()
    if (this.#refused) this.#timer = setTimeout(() => this.flush(), SEND_AFTER_MS).unref()
    else this.#form.clear()
  }

  /** A batch that cannot be handed to another thread is dropped and counted: it would fail again, and in the app. */
  #sendOrDrop(): boolean {
    const { count } = this.#form
    try {
      return this.#send(this.#form.batch())
    } catch {
      this.#onDrop(count)
      return true
    }
  }
}
