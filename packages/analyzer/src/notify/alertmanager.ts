import type { AlertmanagerConfig } from '../config/schema.ts'
import type { Alert } from '../model/alert.ts'
import type { Labels } from '../model/labels.ts'
import { httpPost, type PostFunc } from './http-post.ts'

/** What the sender to Alertmanagers is made of. */
export interface AlertmanagersOptions {
  readonly endpoints: readonly AlertmanagerConfig[]
  /** Labels that tell this analyzer from others; an alert's own label of the same name wins. */
  readonly externalLabels?: Labels
  readonly externalUrl?: string
  /** How long an alert that goes on is not told again; a minute, as in Prometheus. */
  readonly resendMs?: number
  /** The longest wait between two calls of `update`, 15 s by default. */
  readonly intervalMs?: number
  /** Told in one sentence of each batch that an Alertmanager did not take. */
  readonly onProblem?: (message: string) => void
  readonly post?: PostFunc
}

/** How many alerts were sent, in all attempts, and how many were not taken. */
export interface AlertmanagerCounts {
  readonly sent: number
  readonly failed: number
}

/** Keeps Alertmanagers up to date about the alerts of all tenants. */
export interface Alertmanagers {
  /** Tells what changed since the last call, and again what still holds and is due. */
  readonly update: (tenant: string, alerts: readonly Alert[], nowMs: number) => void
  readonly counts: () => AlertmanagerCounts
  /** Resolves when nothing is being sent; false when that took too long. */
  readonly flush: (timeoutMs: number) => Promise<boolean>
  readonly close: () => Promise<void>
}

/** An alert as it was last seen, with what one Alertmanager knows of it. */
interface Entry {
  readonly alert: Alert
  readonly resolvedMs: number | undefined
  readonly sentMs: number
}

// As Prometheus: an alert that is over is told for a while, in case the first message was lost.
const RESOLVED_KEPT_MS = 15 * 60_000
const BATCH_MAX = 64

/** Makes the sender; with no endpoints it does nothing. */
export function createAlertmanagers(options: AlertmanagersOptions): Alertmanagers {
  const senders = options.endpoints.map((endpoint) => new AlertmanagerSender(endpoint, options))
  const sum = (pick: (sender: AlertmanagerSender) => number) =>
    senders.reduce((total, sender) => total + pick(sender), 0)
  return {
    update: (tenant, alerts, nowMs) => {
      for (const sender of senders) sender.update(tenant, alerts, nowMs)
    },
    counts: () => ({ sent: sum((sender) => sender.sent), failed: sum((sender) => sender.failed) }),
    flush: async (timeoutMs) => {
      const idle = Promise.all(senders.map((sender) => sender.idle())).then(() => true)
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<boolean>((fulfil) => {
        timer = setTimeout(() => fulfil(false), timeoutMs)
      })
      return Promise.race([idle, late]).finally(() => clearTimeout(timer))
    },
    close: async () => {
      await Promise.all(senders.map((sender) => sender.close()))
    },
  }
}

/** One Alertmanager: what it was told, and the batches on their way to it, one after the other. */
class AlertmanagerSender {
  readonly #endpoint: AlertmanagerConfig
  readonly #options: AlertmanagersOptions
  readonly #resendMs: number
  readonly #told = new Map<string, Map<string, Entry>>()
  readonly #abort = new AbortController()
  #sending: Promise<void> | undefined
  sent = 0
  failed = 0

  constructor(endpoint: AlertmanagerConfig, options: AlertmanagersOptions) {
    this.#endpoint = endpoint
    this.#options = options
    this.#resendMs = options.resendMs ?? 60_000
  }

  update(tenant: string, alerts: readonly Alert[], nowMs: number): void {
    const told = this.#told.get(tenant) ?? new Map<string, Entry>()
    this.#told.set(tenant, told)
    const firing = new Set<string>()
    for (const alert of alerts) {
      if (alert.state !== 'firing') continue
      firing.add(alert.id)
      const old = told.get(alert.id)
      const again = old === undefined || old.resolvedMs !== undefined
      told.set(alert.id, { alert, resolvedMs: undefined, sentMs: again ? -Infinity : old.sentMs })
    }
    for (const [id, entry] of told) {
      if (firing.has(id)) continue
      if (entry.resolvedMs === undefined)
        told.set(id, { ...entry, resolvedMs: nowMs, sentMs: -Infinity })
      else if (nowMs - entry.resolvedMs > RESOLVED_KEPT_MS) told.delete(id)
    }
    // While a batch is on its way the rest waits for the next call: an Alertmanager that is slow is told
    // less often, and of the newest state.
    if (this.#sending !== undefined || this.#abort.signal.aborted) return
    const due = [...told].filter(([, { sentMs }]) => nowMs - sentMs >= this.#resendMs)
    if (due.length === 0) return
    this.#sending = this.#send(told, due, nowMs).finally(() => {
      this.#sending = undefined
    })
  }

  idle(): Promise<void> {
    return this.#sending ?? Promise.resolve()
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await this.idle()
  }

  async #send(
    told: Map<string, Entry>,
    due: readonly (readonly [string, Entry])[],
    nowMs: number,
  ): Promise<void> {
    for (let start = 0; start < due.length; start += BATCH_MAX) {
      const batch = due.slice(start, start + BATCH_MAX)
      const problem = await this.#post(batch.map(([, entry]) => this.#encode(entry, nowMs)))
      if (problem !== undefined) {
        this.failed += batch.length
        if (!this.#abort.signal.aborted) {
          this.#options.onProblem?.(
            `cannot tell ${batch.length} alerts to the Alertmanager ${new URL(this.#endpoint.url).host}: ${problem}`,
          )
        }
        // What was not taken stays due; the next update sends it.
        return
      }
      this.sent += batch.length
      for (const [id, entry] of batch) {
        const now = told.get(id)
        // It may have resolved, or fired again, while the batch was on its way.
        if (
          now !== undefined &&
          (now.resolvedMs === undefined) === (entry.resolvedMs === undefined)
        ) {
          told.set(id, { ...now, sentMs: nowMs })
        }
      }
    }
  }

  async #post(alerts: readonly object[]): Promise<string | undefined> {
    const { post = httpPost } = this.#options
    const { url, headers, timeoutMs } = this.#endpoint
    try {
      const { status, text } = await post({
        url: `${url.replace(/\/$/, '')}/api/v2/alerts`,
        headers: { 'content-type': 'application/json', 'user-agent': 'chokepoint', ...headers },
        body: JSON.stringify(alerts),
        timeoutMs,
        // An Alertmanager is part of one's own system: it is on a private network as a rule.
        allowPrivate: true,
        signal: this.#abort.signal,
      })
      return status >= 200 && status < 300
        ? undefined
        : `answered ${status}: ${text.trim().slice(0, 200)}`
    } catch (error) {
      return (error as Error).message
    }
  }

  #encode({ alert, resolvedMs }: Entry, nowMs: number): object {
    const { externalLabels = {}, externalUrl = '', intervalMs = 15_000 } = this.#options
    // A firing alert ends by itself when we stop telling it: after four times the wait between messages.
    const endsMs = resolvedMs ?? nowMs + 4 * Math.max(this.#resendMs, intervalMs)
    return {
      labels: withoutEmpty({ ...externalLabels, ...alert.labels, alertname: alert.name }),
      annotations: withoutEmpty(alert.annotations),
      startsAt: alert.firedAt ?? alert.activeSince,
      endsAt: new Date(endsMs).toISOString(),
      ...(externalUrl === ''
        ? {}
        : { generatorURL: `${externalUrl}/api/v1/query?query=${encodeURIComponent(alert.query)}` }),
    }
  }
}

function withoutEmpty(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''))
}
