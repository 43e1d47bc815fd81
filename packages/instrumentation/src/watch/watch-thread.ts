import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { setGlobalErrorHandler } from '@opentelemetry/core'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics'
import {
  DONE,
  LEVEL,
  type SharedMemory,
  STATE,
  STATE_CLOSED,
  STATE_READY,
  TAKEN,
  viewSharedMemory,
} from '../shared/memory-layout.ts'
import type { AppMessage, WatchMessage, WatchThreadData } from '../shared/messages.ts'
import { hrtimeMs } from '../shared/own-clock.ts'
import { SeriesReader } from '../shared/series-reader.ts'
import { AppCost, recordCalibration } from './app-cost.ts'
import { clock } from './clock.ts'
import { ClusterEndpoint } from './cluster/cluster-endpoint.ts'
import { ExportLog } from './export/export-log.ts'
import { createPipelines, type Pipelines } from './export/pipelines.ts'
import { govern } from './govern.ts'
import { DropCounts } from './metrics/drop-counts.ts'
import type { MetricSource } from './metrics/metric-batch.ts'
import { createMetricReaders, type MetricReaders } from './metrics/metric-readers.ts'
import { RecordedSeries } from './metrics/recorded-series.ts'
import { SelfMetrics } from './metrics/self-metrics.ts'
import { createOwnHistograms, type OwnHistograms } from './own-histograms.ts'
import { createProbes } from './probes/all-probes.ts'
import { KERNEL_FILES } from './probes/kernel-files.ts'
import { readAwakeMs, readMainThread } from './probes/run-queue.ts'
import { RuntimeHistory } from './probes/runtime-history.ts'
import { ThreadPoolCanary } from './probes/thread-pool.ts'
import { OnDemandProfiles } from './profiles/on-demand-profiles.ts'
import type { TakeProfile } from './profiles/profile-taker.ts'
import { createPprofRoute } from './prometheus/pprof-route.ts'
import { describeResource } from './resource.ts'
import { profileMainThread } from './stall/main-thread-profiler.ts'
import { createProfileBudget } from './stall/profile-budget.ts'
import { SourceMaps } from './stall/source-maps.ts'
import { StallReport } from './stall/stall-report.ts'
import { StallWatch } from './stall/stall-watch.ts'
import { AppThreads, recordedByThreads } from './threads/app-threads.ts'
import { threadRuntime } from './threads/thread-runtime.ts'
import { SCOPE } from './version.ts'
import { Warnings } from './warnings.ts'

/** Sends a message to the app thread. */
export type Tell = (message: WatchMessage) => void

// The app thread waits 500 ms at most; what is not sent by then is lost anyway.
const FLUSH_MAX_MS = 450

/** Everything that runs beside the app: it reads, serves and sends, and never asks the app for anything. */
export class WatchThread {
  readonly #data: WatchThreadData
  readonly #memory: SharedMemory
  readonly #warnings: Warnings
  readonly #drops = new DropCounts()
  readonly #exportLog: ExportLog
  readonly #canary = new ThreadPoolCanary(hrtimeMs)
  readonly #runtime = new RuntimeHistory()
  readonly #histograms: OwnHistograms
  readonly #stallWatch: StallWatch
  readonly #sourceMaps = new SourceMaps()
  readonly #profiles: OnDemandProfiles
  readonly #appCost = new AppCost(recordCalibration(hrtimeMs))
  readonly #governing: NodeJS.Timeout
  readonly #pipelines: Pipelines
  readonly #readers: MetricReaders
  readonly #threads: AppThreads
  #appMetrics: readonly ScopeMetrics[] = []
  #endpoint: ClusterEndpoint | undefined

  constructor(data: WatchThreadData, tell: Tell) {
    this.#data = data
    this.#memory = viewSharedMemory(data.buffer)
    this.#warnings = new Warnings((text) => tell({ type: 'warning', text }))
    // What goes wrong with an export is told by the export itself, once.
    setGlobalErrorHandler(() => undefined)
    this.#histograms = createOwnHistograms(data.startedAtMs)
    this.#exportLog = new ExportLog(this.#histograms.exports, this.#warnings)
    const resource = resourceFromAttributes(
      describeResource({
        settings: data.settings,
        mainScript: data.mainScript,
        instanceId: randomUUID(),
        distroVersion: SCOPE.version ?? '',
      }),
    )
    this.#pipelines = createPipelines({
      settings: data.settings,
      resource,
      scope: SCOPE,
      log: this.#exportLog,
      drops: this.#drops,
      clock,
      random: Math.random,
    })
    this.#threads = new AppThreads({
      level: () => Atomics.load(this.#memory.control, LEVEL),
      onSpans: (batch) => this.#pipelines.spans?.add(batch),
      drops: this.#drops,
    })
    this.#stallWatch = this.#watchStalls()
    this.#profiles = new OnDemandProfiles({
      settings: data.settings.profiles,
      sourceMaps: this.#sourceMaps,
      now: Date.now,
      tell: (text) => tell({ type: 'warning', text }),
    })
    this.#governing = govern({
      settings: data.settings.governor,
      memory: this.#memory,
      threads: this.#threads,
      appCost: this.#appCost,
      now: hrtimeMs,
      warn: (subject, detail) => this.#warnings.warn(subject, detail),
    })
    this.#readers = createMetricReaders({
      settings: data.settings,
      resource,
      exporter: this.#pipelines.metrics,
      sources: () => this.#sources(),
      appMetrics: () => [...this.#appMetrics, ...this.#threads.appMetrics],
      clock,
      onError: (error) => this.#unreadable(error),
    })
  }

  #watchStalls(): StallWatch {
    const { settings, heartbeatMs } = this.#data
    const report = new StallReport({
      durations: this.#histograms.stalls,
      logEvents: this.#pipelines.logEvents,
      sourceMaps: this.#sourceMaps,
      now: Date.now,
    })
    const hasBudget = createProfileBudget(hrtimeMs)
    return new StallWatch({
      memory: this.#memory,
      heartbeatMs,
      thresholdMs: settings.stall.thresholdMs,
      profile: settings.stall.profile ? profileMainThread : undefined,
      mayProfile: () => {
        if (Atomics.load(this.#memory.control, LEVEL) >= 3 || !hasBudget()) return false
        this.#appCost.addProfile()
        return true
      },
      mayPause: () => this.#runtime.latest?.debugged === false,
      now: hrtimeMs,
      appThread: () => readMainThread(KERNEL_FILES),
      awakeMs: () => readAwakeMs(KERNEL_FILES),
      onNamed: (stall) => report.named(stall),
      onEnd: (stall) => report.ended(stall),
      onError: (error) => this.#warnings.warn('a stall cannot be profiled', error),
    })
  }

  /** Opens `/metrics` and says that the thread is ready. */
  async start(): Promise<void> {
    const { prometheus, profiles } = this.#data.settings
    const { pull } = this.#readers
    const take: TakeProfile = (kind, seconds) => this.#profiles.take(kind, seconds)
    const { token, seconds } = profiles
    const pprof = token === undefined ? undefined : createPprofRoute({ token, seconds, take })
    if (prometheus !== undefined && pull !== undefined) {
      this.#endpoint = new ClusterEndpoint({
        settings: prometheus,
        place: this.#data.cluster,
        pull: async () => {
          const { resource, scopeMetrics } = (await pull.pull()).resourceMetrics
          return { attributes: resource.attributes, scopeMetrics }
        },
        scope: SCOPE.name,
        warn: (subject, detail) => this.#warnings.warn(subject, detail),
        pprof,
      })
      await this.#endpoint.start()
    }
    const { control } = this.#memory
    if (Atomics.load(control, STATE) !== STATE_CLOSED) this.#tellState(STATE_READY)
  }

  /** Handles a message of the app thread; resolves when what it asks for is done. */
  async receive(message: AppMessage): Promise<void> {
    switch (message.type) {
      case 'spans':
        Atomics.add(this.#memory.control, TAKEN, 1)
        this.#appCost.addSpans(message.count)
        this.#pipelines.spans?.add(message)
        return
      case 'runtime':
        this.#runtime.add(message.sample)
        return
      case 'gap':
        return this.#stallWatch.beatAgain(message.gap)
      case 'app-metrics':
        this.#appMetrics = message.scopeMetrics
        return
      case 'profile':
        return this.#profiles.write()
      case 'thread-gone':
        return this.#threads.ended(message.threadId)
      case 'flush':
        return this.#flush(message.number)
      case 'shutdown':
        // First of all: an app that ends with a session open would say so on its stderr.
        this.#profiles.close()
        await this.#stallWatch.close()
        // Before the network: the others of a cluster must know it whoever else does.
        await this.#endpoint?.leave().catch((error) => this.#unreadable(error))
        // One try each: nobody waits for a second one.
        await this.#pipelines.metrics?.shutdown()
        await this.#flush(message.number)
        return this.#close()
    }
  }

  async #flush(number: number): Promise<void> {
    const { control } = this.#memory
    const flushes = [
      this.#readers.periodic?.forceFlush(),
      this.#pipelines.spans?.seal(),
      ...Array.from(this.#pipelines.queues.values(), (queue) => queue.flush()),
    ]
    await Promise.race([Promise.allSettled(flushes), delay(FLUSH_MAX_MS)])
    if (Atomics.load(control, DONE) < number) Atomics.store(control, DONE, number)
    Atomics.notify(control, DONE)
  }

  #close(): void {
    this.#canary.close()
    clearInterval(this.#governing)
    this.#threads.close()
    this.#endpoint?.close()
    this.#pipelines.close()
    this.#tellState(STATE_CLOSED)
  }

  #tellState(state: number): void {
    const { control } = this.#memory
    Atomics.store(control, STATE, state)
    Atomics.notify(control, STATE)
  }

  #unreadable(error: unknown): void {
    this.#warnings.warn('some metrics cannot be read', error)
  }

  /** The sources of one reader. */
  #sources(): readonly MetricSource[] {
    const { startedAtMs } = this.#data
    const reader = new SeriesReader(this.#memory)
    return [
      new RecordedSeries(reader, startedAtMs),
      recordedByThreads(this.#threads, startedAtMs),
      threadRuntime(this.#threads, startedAtMs),
      ...createProbes({
        files: KERNEL_FILES,
        canary: this.#canary,
        runtime: this.#runtime,
        blockedMs: () => this.#stallWatch.blockedMs,
        startedAtMs,
        clock,
        onError: (error) => this.#unreadable(error),
      }),
      this.#histograms.stalls,
      this.#histograms.exports,
      new SelfMetrics({
        memory: this.#memory,
        reader,
        drops: this.#drops,
        startedAtMs,
        warn: (subject, detail) => this.#warnings.warn(subject, detail),
        appSeconds: () => this.#appCost.seconds,
        queuedBytes: () =>
          new Map(Array.from(this.#pipelines.queues, ([signal, queue]) => [signal, queue.bytes])),
      }),
    ]
  }
}
