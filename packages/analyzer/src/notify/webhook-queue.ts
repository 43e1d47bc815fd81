import { createHash } from 'node:crypto'
import { limitsWith } from '../config/limits.ts'
import { maskWebhookUrl } from '../config/mask-config.ts'
import { matchesEvent, type WebhookConfig } from '../config/schema.ts'
import { ChokepointError } from '../model/errors.ts'
import type { ChokepointEvent } from '../model/event.ts'
import { isAtLeast } from '../model/severity.ts'
import type { Delivery, DeliveryAttempt } from './delivery.ts'
import { DeliveryLedger } from './delivery-ledger.ts'
import { FORMATS } from './formats.ts'
import { httpPost, type PostResponse } from './http-post.ts'
import { parseRetryAfter, retryDelayMs } from './retry-schedule.ts'
import { signMessage } from './signature.ts'
import type { StoredDelivery } from './stored-delivery.ts'
import { writeWithin } from './trim-body.ts'
import type { WebhookCounts, WebhooksOptions } from './webhook-options.ts'

// An endpoint that is slow holds back its own messages, not those of the others.
const IN_FLIGHT_MAX = 4
// The attempts that a delivery shows; there are at most ten by schedule, more only by hand.
const ATTEMPTS_SHOWN = 12
// Statuses of 4xx that another attempt may change: timeout, conflict, too early, too many.
const TRY_AGAIN: ReadonlySet<number> = new Set([408, 409, 425, 429])

/** The messages to all endpoints: made, sent in order, tried again, given up. */
export class WebhookQueue {
  readonly #options: WebhooksOptions
  readonly #endpoints: ReadonlyMap<string, WebhookConfig>
  readonly #ledger: DeliveryLedger
  readonly #bodyBytesMax: number
  /** Ids that are due, by endpoint, oldest first. */
  readonly #ready = new Map<string, string[]>()
  readonly #inFlight = new Map<string, Promise<void>>()
  readonly #busy = new Map<string, number>()
  readonly #timers = new Map<string, () => void>()
  readonly #abort = new AbortController()
  readonly #waiting = new Set<() => void>()
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
      onDrop: (delivery) => {
        this.#counts.dropped++
        this.#tell(delivery)
      },
    })
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

  async flush(timeoutMs: number): Promise<boolean> {
    if (this.#isIdle()) return true
    return new Promise((fulfil) => {
      const finish = (idle: boolean) => {
        clearTimeout(timer)
        this.#waiting.delete(onIdle)
        fulfil(idle)
      }
      const onIdle = () => finish(true)
      const timer = setTimeout(() => finish(false), timeoutMs)
      this.#waiting.add(onIdle)
    })
  }

  async close(): Promise<void> {
    this.#abort.abort()
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
    this.#ready.clear()
    await Promise.all(this.#inFlight.values())
    this.#ledger.close()
  }

  #make(event: ChokepointEvent, name: string, endpoint: WebhookConfig): StoredDelivery {
    const { clock, random, externalUrl = '' } = this.#options
    const seed = [event.type, event.timestamp, name, clock(), random(), this.#made++]
    const id = `msg_${createHash('sha256').update(JSON.stringify(seed)).digest('base64url').slice(0, 27)}`
    const context = { id, externalUrl, endpoint: name, routingKey: endpoint.routingKey ?? '' }
    const format = FORMATS[endpoint.format]
    const body = writeWithin(event.data, this.#bodyBytesMax, externalUrl, (data) =>
      format.write(event, context, data),
    )
    const delivery: StoredDelivery = {
      id,
      endpoint: name,
      url: maskWebhookUrl(endpoint.url, endpoint.format),
      type: event.type,
      status: 'pending',
      createdAt: new Date(clock()).toISOString(),
      bytes: Buffer.byteLength(body),
      attempts: [],
      attemptCount: 0,
      failures: 0,
      tenant: event.tenant,
      body,
    }
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
    const delayMs = dueMs === undefined ? 0 : dueMs - this.#options.clock()
    if (delayMs > 0) {
      const schedule = this.#options.schedule ?? scheduleByTimer
      const due = () => {
        this.#timers.delete(id)
        this.#enqueue(endpoint, id)
      }
      this.#timers.set(id, schedule(delayMs, due))
    } else this.#enqueue(endpoint, id)
  }

  #enqueue(endpoint: string, id: string): void {
    const line = this.#ready.get(endpoint) ?? []
    line.push(id)
    this.#ready.set(endpoint, line)
    this.#pump(endpoint)
  }

  #pump(endpoint: string): void {
    const line = this.#ready.get(endpoint) ?? []
    while (line.length > 0 && (this.#busy.get(endpoint) ?? 0) < IN_FLIGHT_MAX) {
      const delivery = this.#ledger.get(line.shift() as string)
      // It may have been dropped, or sent by hand, while it waited.
      if (delivery?.status === 'pending' && !this.#inFlight.has(delivery.id))
        void this.#start(delivery)
    }
  }

  async #sendNow(delivery: StoredDelivery): Promise<Delivery> {
    this.#timers.get(delivery.id)?.()
    this.#timers.delete(delivery.id)
    await (this.#inFlight.get(delivery.id) ?? this.#start(delivery))
    return toDelivery(this.#ledger.get(delivery.id) ?? delivery)
  }

  #start(delivery: StoredDelivery): Promise<void> {
    const { id, endpoint } = delivery
    this.#busy.set(endpoint, (this.#busy.get(endpoint) ?? 0) + 1)
    const attempt = this.#attempt(delivery).finally(() => {
      this.#inFlight.delete(id)
      this.#busy.set(endpoint, (this.#busy.get(endpoint) ?? 1) - 1)
      if (!this.#abort.signal.aborted) this.#pump(endpoint)
      if (this.#isIdle()) for (const wake of [...this.#waiting]) wake()
    })
    this.#inFlight.set(id, attempt)
    return attempt
  }

  async #attempt(delivery: StoredDelivery): Promise<void> {
    const { clock, post = httpPost } = this.#options
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
    const hopeless = status >= 400 && status < 500 && !TRY_AGAIN.has(status)
    if (hopeless || delayMs === undefined || delivery.status !== 'pending') {
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

  #isIdle(): boolean {
    return this.#inFlight.size === 0 && [...this.#ready.values()].every((line) => line.length === 0)
  }
}

/** Endpoints by name: the one they are given, or the host of their url, made distinct. */
function namedEndpoints(endpoints: readonly WebhookConfig[]): ReadonlyMap<string, WebhookConfig> {
  const named = new Map<string, WebhookConfig>()
  for (const endpoint of endpoints) {
    const base = endpoint.name ?? new URL(endpoint.url).host
    let name = base
    for (let count = 2; named.has(name); count++) name = `${base}-${count}`
    named.set(name, endpoint)
  }
  return named
}

function wants(endpoint: WebhookConfig, event: ChokepointEvent): boolean {
  if (!endpoint.events.some((pattern) => matchesEvent(pattern, event.type))) return false
  return !('severity' in event.data) || isAtLeast(event.data.severity, endpoint.severity)
}

function headersOf(
  { id, body, tenant }: StoredDelivery,
  { format, secrets, headers }: WebhookConfig,
  timestampSeconds: number,
): Readonly<Record<string, string>> {
  return {
    'content-type': FORMATS[format].contentType,
    'user-agent': 'chokepoint',
    ...(tenant === '' ? {} : { 'x-scope-orgid': tenant }),
    ...headers,
    // Set last: who configures a header cannot break the signature by it.
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    ...(secrets.length === 0
      ? {}
      : { 'webhook-signature': signMessage(secrets, id, timestampSeconds, body) }),
  }
}

/** Why an outcome is no delivery; undefined when it is one: "success is 2xx only". */
function failureOf(outcome: PostResponse | Error): string | undefined {
  if (outcome instanceof Error) return outcome.message
  const { status, text } = outcome
  if (status >= 200 && status < 300) return undefined
  const said = text.trim() === '' ? '' : `: ${text.trim().slice(0, 200)}`
  if (status >= 300 && status < 400) return `answered ${status}; redirects are not followed`
  if (status === 410)
    return `answered 410; this endpoint is disabled until it is tested or changed${said}`
  return `answered ${status}${said}`
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

function scheduleByTimer(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs)
  // A message that waits for its next attempt is in the file; it must not keep the process alive.
  timer.unref()
  return () => clearTimeout(timer)
}
