import { createRequire } from 'node:module'
import { setInterval } from 'node:timers'
import {
  createNoopMeter,
  type Meter,
  type MeterOptions,
  type MeterProvider,
} from '@opentelemetry/api'
import type {
  MetricReader,
  ScopeMetrics,
  MeterProvider as SdkMeterProvider,
} from '@opentelemetry/sdk-metrics'
import type { ErrorSink } from './guard.ts'
import { limitAttributes } from './span-limits.ts'

/** Gives the newest state of the app's instruments to the watch thread. */
export type SendMetrics = (scopeMetrics: readonly ScopeMetrics[]) => void

/**
 * The meters of the app, and of instrumentations from OpenTelemetry. The SDK is loaded when the first meter is asked
 * for, as most apps have none; their state is collected in this thread, where their callbacks live, and sent on.
 */
export class AppMeterProvider implements MeterProvider {
  readonly #send: SendMetrics
  readonly #report: ErrorSink
  readonly #everyMs: number
  #quiet = false
  #sdk: { provider: SdkMeterProvider; reader: MetricReader } | undefined

  constructor(send: SendMetrics, everyMs: number, report: ErrorSink) {
    this.#send = send
    this.#everyMs = everyMs
    this.#report = report
  }

  /** Runs `work` while whoever asks for a meter gets one that measures nothing, and the SDK is not loaded for it. */
  readonly quietly = <Result>(work: () => Result): Result => {
    this.#quiet = true
    try {
      return work()
    } finally {
      this.#quiet = false
    }
  }

  getMeter(name: string, version?: string, options?: MeterOptions): Meter {
    if (this.#quiet) return createNoopMeter()
    try {
      this.#sdk ??= this.#load()
      return this.#sdk.provider.getMeter(name, version, options)
    } catch (error) {
      this.#report(error)
      return createNoopMeter()
    }
  }

  /** Sends the newest state, in the microtasks that follow. */
  flush(): void {
    if (this.#sdk !== undefined) this.#collect()
  }

  #collect(): void {
    this.#sdk?.reader
      .collect()
      .then(({ resourceMetrics }) => this.#sendPlain(resourceMetrics.scopeMetrics))
      .catch(this.#report)
  }

  /** An attribute that cannot be handed to another thread, as a function, must not keep all other series here. */
  #sendPlain(scopeMetrics: readonly ScopeMetrics[]): void {
    try {
      this.#send(scopeMetrics)
    } catch {
      this.#send(scopeMetrics.map(withPlainAttributes))
    }
  }

  #load(): { provider: SdkMeterProvider; reader: MetricReader } {
    const sdk = createRequire(import.meta.url)(
      '@opentelemetry/sdk-metrics',
    ) as typeof import('@opentelemetry/sdk-metrics')
    class PulledReader extends sdk.MetricReader {
      protected async onForceFlush(): Promise<void> {}
      protected async onShutdown(): Promise<void> {}
    }
    const reader = new PulledReader()
    const provider = new sdk.MeterProvider({ readers: [reader] })
    setInterval(() => this.#collect(), this.#everyMs).unref()
    return { provider, reader }
  }
}

function withPlainAttributes({ scope, metrics }: ScopeMetrics): ScopeMetrics {
  const plain = metrics.map((metric) => ({
    ...metric,
    dataPoints: metric.dataPoints.map((point) => ({
      ...point,
      attributes: limitAttributes(point.attributes, Infinity, Infinity),
    })),
  }))
  return { scope, metrics: plain as typeof metrics }
}
