import type { MetricData } from '@opentelemetry/sdk-metrics'
import type { Signal } from '../../settings/otlp-settings.ts'
import { LEVEL, type SharedMemory } from '../../shared/memory-layout.ts'
import type { SeriesReader } from '../../shared/series-reader.ts'
import { readThreadBytes } from '../thread-bytes.ts'
import { readThreadCpuSeconds } from '../thread-cpu.ts'
import type { DropCounts } from './drop-counts.ts'
import { MetricBatch, type MetricSource, type Moment } from './metric-batch.ts'
import { tellOverflows } from './overflow.ts'

const OVERFLOW_LOOK_MS = 60_000

export interface SelfMetricsInput {
  readonly memory: SharedMemory
  readonly reader: SeriesReader
  readonly drops: DropCounts
  readonly startedAtMs: number
  /** Processor time taken from the app's threads so far, in seconds. */
  readonly appSeconds: () => number
  /** Bytes that wait to be sent, by signal. */
  readonly queuedBytes: () => ReadonlyMap<Signal, number>
  /** Tells what is told once. */
  readonly warn: (subject: string, detail: string) => void
}

/** What the instrumentation tells about itself: `chokepoint.sdk.*`. */
export class SelfMetrics implements MetricSource {
  readonly #input: SelfMetricsInput
  #lookAgainMs = 0

  constructor(input: SelfMetricsInput) {
    this.#input = input
  }

  collect(moment: Moment): readonly MetricData[] {
    const { memory, reader, drops, startedAtMs, appSeconds, queuedBytes } = this.#input
    const batch = new MetricBatch(startedAtMs, moment.wallMs)
    batch.add('chokepoint.sdk.cpu.time', readThreadCpuSeconds())
    batch.add('chokepoint.sdk.app.time', appSeconds())
    batch.add('chokepoint.sdk.memory.usage', readThreadBytes())
    batch.add('chokepoint.sdk.level', Atomics.load(memory.control, LEVEL))
    batch.add('chokepoint.sdk.series', reader.seriesCount)
    const appDrops = reader.readDrops()
    if (appDrops.some(({ kind }) => kind === 'series')) this.#tellOverflows(moment)
    for (const { kind, reason, count } of [...appDrops, ...drops.rows()]) {
      batch.add('chokepoint.sdk.dropped', count, {
        'chokepoint.drop.kind': kind,
        'chokepoint.drop.reason': reason,
      })
    }
    for (const [signal, bytes] of queuedBytes()) {
      batch.add('chokepoint.sdk.export.queue', bytes, { 'chokepoint.signal': signal })
    }
    return batch.toMetrics()
  }

  /** The look goes over all series: now and then is enough. */
  #tellOverflows({ monotonicMs }: Moment): void {
    if (monotonicMs < this.#lookAgainMs) return
    this.#lookAgainMs = monotonicMs + OVERFLOW_LOOK_MS
    tellOverflows(this.#input.reader, this.#input.warn)
  }
}
