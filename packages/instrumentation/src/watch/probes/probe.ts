import type { MetricData } from '@opentelemetry/sdk-metrics'
import { MetricBatch, type MetricSource, type Moment } from '../metrics/metric-batch.ts'

/** Adds what can be read now; it may remember what it saw the last time. */
export type Probe = (batch: MetricBatch, moment: Moment) => void

/** A group of probes whose counters began at the same time. */
export class ProbeGroup implements MetricSource {
  readonly #startedAtMs: number
  readonly #probes: readonly Probe[]
  readonly #onError: (error: unknown) => void

  constructor(startedAtMs: number, probes: readonly Probe[], onError: (error: unknown) => void) {
    this.#startedAtMs = startedAtMs
    this.#probes = probes
    this.#onError = onError
  }

  collect(moment: Moment): readonly MetricData[] {
    const batch = new MetricBatch(this.#startedAtMs, moment.wallMs)
    for (const probe of this.#probes) {
      try {
        probe(batch, moment)
      } catch (error) {
        this.#onError(error)
      }
    }
    return batch.toMetrics()
  }
}

/** Remembers counters, to tell what was added to them since the last look. */
export class Increments {
  readonly #last = new Map<string, number>()

  /** What was added since the last look; undefined the first time and when the counter began again. */
  add(key: string, value: number): number | undefined {
    const before = this.#last.get(key)
    this.#last.set(key, value)
    return before === undefined || value < before ? undefined : value - before
  }
}
