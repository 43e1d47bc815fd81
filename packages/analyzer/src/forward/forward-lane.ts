import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../model/clock.ts'
import { parseRetryAfter } from '../notify/retry-schedule.ts'
import type { ForwardQueue, QueuedRequest, Signal } from './forward-queue.ts'
import type { createPost, PostAnswer } from './post-otlp.ts'

export interface ForwardLaneOptions {
  readonly signal: Signal
  readonly queue: ForwardQueue
  readonly post: ReturnType<typeof createPost>
  readonly clock: Clock
  readonly random: () => number
  readonly onSent: () => void
  readonly onFailedAttempt: () => void
  readonly onProblem: (message: string) => void
  /** Ends waits and attempts at once. */
  readonly abort: AbortSignal
}

// OTLP 1.x, "Retryable Response Codes": these four; "all other 4xx or 5xx response status codes MUST NOT
// be retried". https://opentelemetry.io/docs/specs/otlp/#failures-1
const TRY_AGAIN: ReadonlySet<number> = new Set([429, 502, 503, 504])
const WAIT_MS_MIN = 1000
const WAIT_MS_MAX = 30_000
// A target may ask for any wait; the queue would drop what is older than the longest outage it can hold.
const RETRY_AFTER_MS_MAX = 10 * 60_000

/**
 * Sends the requests of one signal one after the other, in order: many targets refuse samples that are
 * older than the last. A request is tried until it is taken, refused, or has to make room.
 */
export class ForwardLane {
  readonly #options: ForwardLaneOptions
  readonly #waits = new AbortController()
  #running: Promise<void> | undefined
  #busy = false
  #failures = 0
  #refusalTold = false
  #closing = false

  constructor(options: ForwardLaneOptions) {
    this.#options = options
  }

  /** Sends what waits, unless that is being done already. */
  wake(): void {
    if (this.#busy || this.#closing) return
    this.#busy = true
    this.#running = this.#run()
  }

  /** Resolves when all is sent, or after the first attempt that fails. */
  async close(): Promise<void> {
    this.#closing = true
    this.#waits.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal, queue, abort } = this.#options
    // Reading the body must not be part of the call that put it there.
    await Promise.resolve()
    for (;;) {
      const request = queue.oldest(signal)
      if (request === undefined || abort.aborted) break
      const waitMs = await this.#attempt(request)
      if (waitMs === 0) continue
      if (this.#closing) break
      // Cut short only by close, and then one more attempt is made at once.
      const wait = { signal: this.#waits.signal, ref: false }
      await sleep(waitMs, undefined, wait).catch(() => undefined)
    }
    // In the same breath as the look at the queue: what comes later has to wake the lane again.
    this.#busy = false
  }

  /** The milliseconds to wait before the next attempt; 0 when this request is done with. */
  async #attempt(request: QueuedRequest): Promise<number> {
    const { queue, post, abort, onSent } = this.#options
    const body = await queue.read(request)
    if (body === undefined) return 0
    let answer: PostAnswer
    try {
      answer = await post(request, body, abort)
    } catch (error) {
      return this.#failed(reasonOf(error as Error), 0)
    }
    const { status, retryAfter, text } = answer
    if (status >= 200 && status < 300) {
      this.#failures = 0
      this.#refusalTold = false
      if (await queue.remove(request)) onSent()
      return 0
    }
    const said = `answered ${status}${text.trim() === '' ? '' : `: ${text.trim().slice(0, 200)}`}`
    if (TRY_AGAIN.has(status)) {
      return this.#failed(said, parseRetryAfter(retryAfter, this.#options.clock()))
    }
    this.#refused(request, said)
    return 0
  }

  #failed(why: string, retryAfterMs: number): number {
    const { signal, random, onFailedAttempt, onProblem, abort } = this.#options
    if (abort.aborted) return WAIT_MS_MIN
    onFailedAttempt()
    this.#failures++
    if (this.#failures === 1) {
      onProblem(`cannot forward ${signal} now, they wait in the queue: the target ${why}`)
    }
    const backoffMs = Math.min(WAIT_MS_MIN * 2 ** (this.#failures - 1), WAIT_MS_MAX)
    // Jitter keeps the analyzers of one target from coming back all at once.
    const jitteredMs = Math.round(backoffMs * (0.5 + random()))
    return Math.max(jitteredMs, Math.min(retryAfterMs, RETRY_AFTER_MS_MAX))
  }

  #refused(request: QueuedRequest, said: string): void {
    const { signal, queue, onProblem } = this.#options
    queue.drop(request, 'refused', said)
    if (this.#refusalTold) return
    this.#refusalTold = true
    onProblem(`forwarded ${signal} are dropped and counted until the target takes one: it ${said}`)
  }
}

function reasonOf(error: Error): string {
  if (error.name === 'TimeoutError') return 'gave no answer in time'
  const cause = error.cause instanceof Error ? error.cause : error
  return `cannot be reached: ${(cause as NodeJS.ErrnoException).code ?? cause.message}`
}
