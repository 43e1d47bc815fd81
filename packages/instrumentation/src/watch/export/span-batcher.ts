import type { Resource } from '@opentelemetry/resources'
import type { TraceSettings } from '../../settings/settings.ts'
import type { SpanBatch } from '../../shared/messages.ts'
import type { SendQueue } from './send-queue.ts'
import { JsonSpanRequest, ProtobufSpanRequest, type SpanRequest } from './span-request.ts'

export interface SpanBatcherOptions {
  readonly settings: TraceSettings
  readonly resource: Resource
  readonly queue: SendQueue
  readonly onDropped: (spans: number) => void
}

/** Spans may be long: a request as long as this is sent, however few they are. */
const REQUEST_BYTES_MAX = 1024 * 1024

/** Collects ended spans into batches, by count and by time, and puts them on the queue as OTLP. */
export class SpanBatcher {
  readonly #options: SpanBatcherOptions
  readonly #timer: NodeJS.Timeout
  readonly #request: SpanRequest

  constructor(options: SpanBatcherOptions) {
    this.#options = options
    const { settings, resource, onDropped } = options
    this.#request =
      settings.otlp?.encoding === 'json'
        ? new JsonSpanRequest(resource, onDropped)
        : new ProtobufSpanRequest(resource)
    this.#timer = setInterval(() => this.seal(), settings.batchDelayMs)
    this.#timer.unref()
  }

  add(batch: SpanBatch): void {
    const { batchSpansMax } = this.#options.settings
    if (this.#request.count + batch.count > batchSpansMax) this.seal()
    this.#request.add(batch)
    const { count, bytes } = this.#request
    if (count >= batchSpansMax || bytes >= REQUEST_BYTES_MAX) this.seal()
  }

  /** Ends the batch that is being filled. */
  seal(): void {
    const { count } = this.#request
    if (count === 0) return
    const { queue, onDropped } = this.#options
    const request = this.#request.take()
    if (request === undefined) onDropped(count)
    else queue.push(request, count)
  }

  /** Sends all that there is. */
  async flush(): Promise<void> {
    this.seal()
    await this.#options.queue.flush()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#options.queue.close()
  }
}
