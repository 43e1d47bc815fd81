import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Moment } from '../metrics/metric-batch.ts'
import type { HttpAnswer, HttpPost } from './http-post.ts'

/** How sending a request ended. */
export type SendResult =
  /** Taken; `body` may tell of a partial success. */
  | { readonly kind: 'taken'; readonly body: Uint8Array }
  /** Not taken now; the same bytes may be taken later. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfterMs?: number }
  /** Never to be taken; sending it again is useless. */
  | { readonly kind: 'refused'; readonly reason: string }

export interface SenderOptions {
  readonly post: HttpPost
  readonly gzip: boolean
  /** From 0 to below 1. */
  readonly random: () => number
  /** Waits are measured by its monotonic part, so that a clock that is set does not end or stretch them. */
  readonly clock: () => Moment
}

const RETRY_FIRST_MS = 500
const RETRY_MAX_MS = 5_000
const RETRY_FACTOR = 1.5
const JITTER = 0.3

/** Sends OTLP requests: compresses, and tries again with growing, random waits. */
export class OtlpSender {
  readonly #options: SenderOptions

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** Makes a request ready to be sent. */
  pack(request: Uint8Array): Uint8Array {
    // Synchronous on purpose: zlib's asynchronous way takes a thread of the app's pool.
    return this.#options.gzip ? gzipSync(request, { level: 1 }) : request
  }

  /** Tries until the time is up or the answer is final. Never throws. */
  async send(packed: Uint8Array, timeoutMs: number, abort?: AbortSignal): Promise<SendResult> {
    const { clock, random } = this.#options
    const now = () => clock().monotonicMs
    const deadline = now() + timeoutMs
    let waitMs = RETRY_FIRST_MS
    for (;;) {
      const result = await this.attempt(packed, deadline - now())
      if (result.kind !== 'unavailable' || abort?.aborted) return result
      const wanted = result.retryAfterMs ?? waitMs * (1 + JITTER * (2 * random() - 1))
      if (now() + wanted >= deadline) return result
      await delay(wanted, undefined, { ref: false, signal: abort }).catch(() => undefined)
      if (abort?.aborted) return result
      waitMs = Math.min(waitMs * RETRY_FACTOR, RETRY_MAX_MS)
    }
  }

  /** One try. Never throws. */
  async attempt(packed: Uint8Array, timeoutMs: number): Promise<SendResult> {
    try {
      return this.#judge(await this.#options.post(packed, timeoutMs))
    } catch (error) {
      return { kind: 'unavailable', reason: describe(error) }
    }
  }

  /**
   * "The requests that receive a response status code listed in following table SHOULD be retried.
   * All other 4xx or 5xx response status codes MUST NOT be retried": 429, 502, 503, 504.
   * "The client SHOULD honor the waiting interval specified in the "Retry-After" header".
   * (opentelemetry.io/docs/specs/otlp/#otlphttp-response)
   */
  #judge({ status, retryAfter, body }: HttpAnswer): SendResult {
    if (status >= 200 && status < 300) return { kind: 'taken', body }
    const reason = `HTTP status ${status}`
    if (![429, 502, 503, 504].includes(status)) return { kind: 'refused', reason }
    const retryAfterMs = parseRetryAfter(retryAfter, this.#options.clock().wallMs)
    return { kind: 'unavailable', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  }
}

/** Seconds or an HTTP date, as milliseconds from now. */
function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

function describe(error: unknown): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) {
    return error.errors[0].message
  }
  return error instanceof Error ? error.message : String(error)
}
