import { limitsWith } from '../config/limits.ts'
import type { WebhookConfig } from '../config/schema.ts'
import { ChokepointError } from '../model/errors.ts'
import type { ChokepointEvent } from '../model/event.ts'
import { failureOf, isRefusal } from './attempt-outcome.ts'
import type { Delivery, DeliveryAttempt } from './delivery.ts'
import { DeliveryLedger } from './delivery-ledger.ts'
import { namedEndpoints, wants } from './endpoints.ts'
import { httpPost, type PostResponse } from './http-post.ts'
import { headersOf, makeMessage } from './message.ts'
import { parseRetryAfter, retryDelayMs } from './retry-schedule.ts'
import { SendLines } from './send-lines.ts'
import type { StoredDelivery } from './stored-delivery.ts'
import type { WebhookCounts, WebhooksOptions } from './webhook-options.ts'

// The attempts that a delivery shows; there are at most ten by schedule, more only by hand.
const ATTEMPTS_SHOWN = 12

/** The messages to all endpoints: made, sent in order, tried again, given up. */
export class WebhookQueue {
  readonly #options: WebhooksOptions
  readonly #endpoints: ReadonlyMap<string, WebhookConfig>
  readonly #ledger: DeliveryLedger
  readonly #bodyBytesMax: number
  readonly #lines: SendLines
  readonly #abort = new AbortController()
  /** Ids that a person asked to send, whatever their status is. */
  readonly #byHand = new Set<string>()
  readonly #counts = { delivered: 0, failedAttempts: 0, dead: 0, dropped: 0 }
  #made = 0

  constructor(options: WebhooksOptions) {
    this.#options = options
    this.#endpoints = namedEndpoints(options.endpoints)
    const limits = options.limits ?? limitsWith()
    this.#bodyBytesMax = limits.webhookBodyBytesMax
    this.#ledger = new DeliveryLedger({
      pendingBytesMax: limits.queueBytesMax,
      endedMax: limits.deliveriesMax,
      file: options.stateFile,
      onProblem: (message) => options.onProblem?.(message),
      onDrop: (delivery) => {
        this.#counts.dropped++
        this.#tell(delivery)
      },
    })
    this.#lines = new SendLines((id) => this.#attempt(id), options.schedule)
    for (const delivery of this.#ledger.pending()) this.#await(delivery)
  }

  tell(event: ChokepointEvent): void {
    for (const [name, endpoint] of this.#endpoints) {
      if (!wants(endpoint, event)) continue
      if (this.#ledger.isDisabled(name, endpoint.url)) {
        this.#counts.dropped++
        continue
      }
      this.#await(this.#make(event, name, endpoint))
    }
  }

  deliveries(): readonly Delivery[] {
    return this.#ledger.all().reverse().map(toDelivery)
  }

  counts(): WebhookCounts {
    return {
      ...this.#counts,
      pending: this.#ledger.pending().length,
      pendingBytes: this.#ledger.pendingBytes,
    }
  }

  async redeliver(id: string): Promise<Delivery> {
    const kept = this.#ledger.get(id)
    if (kept === undefined) {
      throw new ChokepointError(
        'NOT_FOUND',
        `cannot redeliver ${id}: no delivery with this id is kept`,
      )
    }
    if (!this.#endpoints.has(kept.endpoint)) {
      throw new ChokepointError(
        'NOT_FOUND',
        `cannot redeliver ${id}: its endpoint ${kept.endpoint} is no longer configured`,
      )
    }
    return this.#sendNow(kept)
  }

  async test(name?: string): Promise<readonly Delivery[]> {
    const names = name === undefined ? [...this.#endpoints.keys()] : [name]
    const timestamp = new Date(this.#options.clock()).toISOString()
    return Promise.all(
      names.map((each) => {
        const endpoint = this.#endpoints.get(each)
        if (endpoint === undefined) {
          const known = [...this.#endpoints.keys()].join(', ') || 'none'
          throw new ChokepointError(
            'NOT_FOUND',
            `cannot test ${each}: the configured webhooks are ${known}`,
          )
        }
        const data = { message: 'A test of this webhook, sent by hand.' }
        const event = { type: 'webhook.test', timestamp, tenant: '', data } as const
        return this.#sendNow(this.#make(event, each, endpoint))
      }),
    )
  }

  flush(timeoutMs: number): Promise<boolean> {
    return this.#lines.flush(timeoutMs)
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await this.#lines.close()
    this.#ledger.close()
  }

  #make(event: ChokepointEvent, name: string, endpoint: WebhookConfig): StoredDelivery {
    const { clock, random, externalUrl = '' } = this.#options
    const nowMs = clock()
    const delivery = makeMessage(event, name, endpoint, {
      nowMs,
      seed: `${nowMs} ${random()} ${this.#made++}`,
      externalUrl,
      bodyBytesMax: this.#bodyBytesMax,
    })
    this.#keep(delivery)
    return delivery
  }

  /** Lets a delivery wait until it is due, then puts it in the line of its endpoint. */
  #await(delivery: StoredDelivery): void {
    const { id, endpoint, dueMs } = delivery
    if (!this.#endpoints.has(endpoint)) {
      this.#giveUp(delivery, [], `the endpoint ${endpoint} is no longer configured`)
      return
    }
    this.#lines.add(endpoint, id, dueMs === undefined ? 0 : dueMs - this.#options.clock())
  }

  async #sendNow({ id, endpoint }: StoredDelivery): Promise<Delivery> {
    this.#byHand.add(id)
    await this.#lines.sendNow(endpoint, id)
    return toDelivery(this.#ledger.get(id) as StoredDelivery)
  }

  async #attempt(id: string): Promise<void> {
    const { clock, post = httpPost } = this.#options
    const delivery = this.#ledger.get(id)
    const byHand = this.#byHand.delete(id)
    // It may have been dropped, or delivered by hand, while it waited in the line.
    if (delivery === undefined || (delivery.status !== 'pending' && !byHand)) return
    const endpoint = this.#endpoints.get(delivery.endpoint) as WebhookConfig
    const startedMs = clock()
    const started = performance.now()
    const { signal } = this.#abort
    const outcome = await post({
      url: endpoint.url,
      headers: headersOf(delivery, endpoint, Math.floor(startedMs / 1000)),
      body: delivery.body,
      timeoutMs: endpoint.timeoutMs,
      allowPrivate: endpoint.allowPrivate,
      signal,
    }).catch((error: Error) => error)
    // What a stop interrupted stays pending, as if it had not been tried.
    if (outcome instanceof Error && signal.aborted) return
    const error = failureOf(outcome)
    const attempt: DeliveryAttempt = {
      at: new Date(startedMs).toISOString(),
      durationMs: Math.round(performance.now() - started),
      ...(outcome instanceof Error ? {} : { status: outcome.status }),
      ...(error === undefined ? {} : { error }),
    }
    const attempts = [...delivery.attempts, attempt].slice(-ATTEMPTS_SHOWN)
    if (error === undefined) this.#succeed(delivery, attempts)
    else this.#fail(delivery, attempts, outcome, error)
  }

  #succeed(delivery: StoredDelivery, attempts: readonly DeliveryAttempt[]): void {
    this.#counts.delivered++
    this.#ledger.enable(delivery.endpoint)
    const { dueMs: _, nextAttemptAt: __, ...rest } = delivery
    this.#keep({ ...rest, status: 'delivered', attempts, attemptCount: delivery.attemptCount + 1 })
  }

  #fail(
    delivery: StoredDelivery,
    attempts: readonly DeliveryAttempt[],
    outcome: PostResponse | Error,
    error: string,
  ): void {
    this.#counts.failedAttempts++
    const { clock, random } = this.#options
    const status = outcome instanceof Error ? 0 : outcome.status
    if (status === 410) {
      const endpoint = this.#endpoints.get(delivery.endpoint) as WebhookConfig
      this.#ledger.disable(delivery.endpoint, endpoint.url)
      this.#giveUp(delivery, attempts)
      return
    }
    const failures = delivery.failures + 1
    const retryAfter = outcome instanceof Error ? undefined : outcome.retryAfter
    const delayMs = retryDelayMs(failures, random, parseRetryAfter(retryAfter, clock()))
    if (isRefusal(outcome) || delayMs === undefined || delivery.status !== 'pending') {
      this.#giveUp(
        delivery,
        attempts,
        delayMs === undefined ? `${error}; this was the last attempt` : undefined,
      )
      return
    }
    const dueMs = clock() + delayMs
    const next: StoredDelivery = {
      ...delivery,
      attempts,
      attemptCount: delivery.attemptCount + 1,
      failures,
      dueMs,
      nextAttemptAt: new Date(dueMs).toISOString(),
    }
    this.#keep(next)
    this.#await(next)
  }

  #giveUp(delivery: StoredDelivery, attempts: readonly DeliveryAttempt[], reason?: string): void {
    this.#counts.dead++
    const { dueMs: _, nextAttemptAt: __, ...rest } = delivery
    const last = attempts.at(-1)
    const told =
      reason === undefined
        ? attempts
        : [
            ...attempts.slice(0, -1),
            {
              ...(last ?? { at: new Date(this.#options.clock()).toISOString(), durationMs: 0 }),
              error: reason,
            },
          ]
    this.#keep({
      ...rest,
      status: 'dead',
      attempts: told,
      attemptCount: delivery.attemptCount + (attempts.length > 0 ? 1 : 0),
    })
  }

  #keep(delivery: StoredDelivery): void {
    this.#ledger.keep(delivery)
    this.#tell(delivery)
  }

  #tell(delivery: StoredDelivery): void {
    this.#options.onDelivery?.(toDelivery(delivery))
  }
}

function toDelivery({
  body: _,
  tenant: __,
  dueMs: ___,
  failures: ____,
  ...delivery
}: StoredDelivery): Delivery {
  return delivery
}
