import { BroadcastChannel } from 'node:worker_threads'
import type { MetricData, ScopeMetrics } from '@opentelemetry/sdk-metrics'
import {
  LEVEL,
  type SharedMemory,
  STATE,
  STATE_READY,
  TAKEN,
  viewSharedMemory,
} from '../../shared/memory-layout.ts'
import type { AppMessage, SpanBatch } from '../../shared/messages.ts'
import { SeriesReader } from '../../shared/series-reader.ts'
import {
  THREADS_CHANNEL,
  type ThreadHello,
  type ThreadMessage,
} from '../../shared/thread-messages.ts'
import type { DropCounts } from '../metrics/drop-counts.ts'
import { growingOnly, mergeScopes, withAttributes } from '../metrics/merge-scopes.ts'
import { MetricBatch, type MetricSource, type Moment } from '../metrics/metric-batch.ts'
import { RuntimeHistory } from '../probes/runtime-history.ts'
import { ThreadTotals } from './thread-totals.ts'

export interface AppThreadsInput {
  /** The level that the governor allows now. */
  readonly level: () => number
  readonly onSpans: (batch: SpanBatch) => void
  readonly drops: DropCounts
}

/** A worker thread of the app that lives. */
export interface AppThread {
  readonly threadId: number
  readonly name: string
  readonly memory: SharedMemory
  readonly reader: SeriesReader
  readonly runtime: RuntimeHistory
  appMetrics: readonly ScopeMetrics[]
}

/** Threads of one process that are watched at the same time. */
const THREADS_MAX = 64
/** Distinct names of threads; those beyond share one. */
const NAMES_MAX = 32
const OTHER_NAME = 'other'
/** How long messages of a thread may take that has ended. */
const LAST_WORDS_MS = 300

/** The worker threads of the app: who lives, and what those have counted that are gone. */
export class AppThreads {
  readonly #input: AppThreadsInput
  readonly #channel = new BroadcastChannel(THREADS_CHANNEL)
  readonly #living = new Map<number, AppThread>()
  readonly #gone = new Map<string, ThreadTotals>()
  #goneAppMetrics: readonly ScopeMetrics[] = []

  constructor(input: AppThreadsInput) {
    this.#input = input
    this.#channel.unref()
    this.#channel.onmessage = ({ data }) => this.#receive(data as ThreadMessage)
  }

  get living(): Iterable<AppThread> {
    return this.#living.values()
  }

  /** The app's own instruments in all threads, summed by the name of the thread. */
  get appMetrics(): readonly ScopeMetrics[] {
    const living = Array.from(this.living, ({ name, appMetrics }) => named(appMetrics, name))
    return living.length === 0 && this.#goneAppMetrics.length === 0
      ? []
      : mergeScopes([this.#goneAppMetrics, ...living])
  }

  /** A thread has ended, by what another one tells. Its own last words may still be on their way. */
  ended(threadId: number): void {
    setTimeout(() => this.#forget(threadId), LAST_WORDS_MS).unref()
  }

  #forget(threadId: number): void {
    const thread = this.#living.get(threadId)
    if (thread === undefined) return
    this.#living.delete(threadId)
    const totals = this.#gone.get(thread.name) ?? new ThreadTotals()
    for (const series of thread.reader.read()) totals.add(series, true)
    this.#gone.set(thread.name, totals)
    const last = named(growingOnly(thread.appMetrics), thread.name)
    this.#goneAppMetrics = mergeScopes([this.#goneAppMetrics, last])
    for (const { kind, reason, count } of thread.reader.readDrops()) {
      this.#input.drops.add(kind, reason, count)
    }
  }

  /** Tells all threads what the governor allows. */
  setLevel(level: number): void {
    for (const { memory } of this.living) Atomics.store(memory.control, LEVEL, level)
  }

  /** The sums of all threads of each name, those that are gone included. */
  totals(): ReadonlyMap<string, ThreadTotals> {
    const totals = new Map(Array.from(this.#gone, ([name, gone]) => [name, gone.copy()]))
    for (const { name, reader } of this.living) {
      const sum = totals.get(name) ?? new ThreadTotals()
      for (const series of reader.read()) sum.add(series, false)
      totals.set(name, sum)
    }
    return totals
  }

  close(): void {
    this.#channel.close()
  }

  #receive({ threadId, message }: ThreadMessage): void {
    if (message.type === 'hello') this.#welcome(threadId, message)
    else if (message.type === 'bye') this.#forget(threadId)
    else if (message.type === 'thread-gone') this.ended(message.threadId)
    else this.#take(threadId, message)
  }

  #welcome(threadId: number, { buffer, name }: ThreadHello): void {
    if (this.#living.has(threadId)) return
    if (this.#living.size >= THREADS_MAX) {
      this.#input.drops.add('thread', 'limit', 1)
      return
    }
    const memory = viewSharedMemory(buffer)
    Atomics.store(memory.control, LEVEL, this.#input.level())
    Atomics.store(memory.control, STATE, STATE_READY)
    this.#living.set(threadId, {
      threadId,
      name: this.#boundedName(name),
      memory,
      reader: new SeriesReader(memory),
      runtime: new RuntimeHistory(),
      appMetrics: [],
    })
  }

  #take(threadId: number, message: AppMessage): void {
    const thread = this.#living.get(threadId)
    if (thread === undefined) return
    if (message.type === 'spans') {
      Atomics.add(thread.memory.control, TAKEN, 1)
      this.#input.onSpans(message)
    } else if (message.type === 'runtime') {
      thread.runtime.add(message.sample)
    } else if (message.type === 'app-metrics') {
      thread.appMetrics = message.scopeMetrics
    }
  }

  #boundedName(name: string): string {
    const names = new Set([
      ...this.#gone.keys(),
      ...Array.from(this.living, (thread) => thread.name),
    ])
    return names.has(name) || names.size < NAMES_MAX ? name.slice(0, 100) : OTHER_NAME
  }
}

/** What the worker threads of the app have recorded: summed by name, so that short-lived ones do not add up. */
export function recordedByThreads(threads: AppThreads, startedAtMs: number): MetricSource {
  return {
    collect({ wallMs }: Moment): readonly MetricData[] {
      const batch = new MetricBatch(startedAtMs, wallMs)
      for (const [name, totals] of threads.totals()) totals.addTo(batch, { 'thread.name': name })
      return batch.toMetrics()
    },
  }
}

function named(scopes: readonly ScopeMetrics[], name: string): ScopeMetrics[] {
  return scopes.map(({ scope, metrics }) => ({
    scope,
    metrics: metrics.map((metric) => withAttributes(metric, { 'thread.name': name })),
  }))
}
