import { clearTimeout, setInterval, setTimeout } from 'node:timers'
import type { PrometheusSettings } from '../../settings/exporter-settings.ts'
import type { ClusterPlace } from '../../shared/messages.ts'
import { type MetricsEndpoint, type Scrape, serveMetrics } from '../prometheus/endpoint.ts'
import type { PprofRoute } from '../prometheus/pprof-route.ts'
import { toPrometheusText } from '../prometheus/text-format.ts'
import { ClusterFolder } from './cluster-folder.ts'
import { ClusterMember } from './cluster-member.ts'
import { labelCluster, mergeCluster, type Snapshot } from './snapshot.ts'

export interface ClusterEndpointInput {
  readonly settings: PrometheusSettings
  /** Undefined: this process is nobody's worker; it may have some of its own. */
  readonly place: ClusterPlace | undefined
  /** The metrics of this process now. */
  readonly pull: () => Promise<Omit<Snapshot, 'worker'>>
  readonly scope: string
  /** The first is told once; the second may differ each time. */
  readonly warn: (subject: string, detail?: unknown) => void
  readonly pprof: PprofRoute | undefined
}

const PRIMARY = 'primary'
/** Leaves the port to the primary at the start. */
const WORKER_WAITS_MS = 1_000
const TRY_AGAIN_MS = 1_000
/** How often a process looks whether it has workers by now. */
const LOOK_MS = 1_000
/** Tries after which the port must belong to somebody else, when nobody of the cluster has it. */
const TRIES_BEFORE_WARNING = 5

/**
 * `/metrics` of a process and of its cluster. All processes of a cluster want the same port: one gets it and answers
 * for all; when it dies, another takes its place.
 */
export class ClusterEndpoint {
  readonly #input: ClusterEndpointInput
  readonly #member: ClusterMember
  readonly #folder: ClusterFolder
  #endpoint: MetricsEndpoint | undefined
  readonly #timers = new Set<NodeJS.Timeout>()
  #tries = 0
  #closed = false

  constructor(input: ClusterEndpointInput) {
    this.#input = input
    const worker = input.place?.workerId ?? PRIMARY
    this.#folder = new ClusterFolder(input.place?.primaryPid ?? process.pid)
    this.#member = new ClusterMember({
      folder: this.#folder,
      worker,
      own: async () => ({ worker, ...(await input.pull()) }),
      warn: input.warn,
    })
  }

  async start(): Promise<void> {
    if (this.#input.place === undefined) {
      this.#timers.add(setInterval(() => this.#meetWorkers(), LOOK_MS).unref())
      await this.#tryPort()
    } else {
      await this.#join()
      this.#tryLater(this.#input.settings.port === 0 ? 0 : WORKER_WAITS_MS)
    }
  }

  /** The last words to the cluster, within some milliseconds. */
  async leave(): Promise<void> {
    this.#stop()
    if (this.#input.place === undefined) this.#folder.removeAll()
    else await this.#member.leave()
  }

  close(): void {
    this.#stop()
    this.#endpoint?.close()
  }

  #stop(): void {
    this.#closed = true
    for (const timer of this.#timers) clearTimeout(timer)
  }

  /** A process that has forked workers learns it by their folder. */
  #meetWorkers(): void {
    if (this.#member.hasOthers) void this.#join()
  }

  async #join(): Promise<void> {
    try {
      await this.#member.join()
    } catch (error) {
      const reason = error instanceof Error ? error.message : error
      this.#input.warn(`/metrics of this cluster is not merged: ${reason}`)
    }
  }

  #tryLater(afterMs: number): void {
    if (this.#closed) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      void this.#tryPort()
    }, afterMs).unref()
    this.#timers.add(timer)
  }

  async #tryPort(): Promise<void> {
    const { settings, warn, pprof } = this.#input
    let refusal = ''
    const tell = (line: string): void => {
      if (this.#endpoint === undefined) refusal = line
      else warn(line)
    }
    const endpoint = await serveMetrics(settings, this.#scrape, tell, pprof)
    if (this.#closed) return endpoint.close()
    if (endpoint.address === undefined) return this.#refused(refusal)
    this.#endpoint = endpoint
    this.#member.serves = true
  }

  /** The port is taken: by the cluster, which is as it should be, or by a stranger. */
  async #refused(refusal: string): Promise<void> {
    const { place, warn } = this.#input
    if (place === undefined) {
      // A worker was faster: then it answers for us too.
      if (!this.#member.hasOthers) return warn(refusal)
      await this.#join()
    }
    if (++this.#tries === TRIES_BEFORE_WARNING && !(await this.#member.otherServes())) warn(refusal)
    this.#tryLater(TRY_AGAIN_MS)
  }

  readonly #scrape: Scrape = async (format, byWorker) => {
    const { pull, scope, place } = this.#input
    if (place === undefined && !this.#member.hasOthers) {
      const { attributes, scopeMetrics } = await pull()
      return toPrometheusText({ resource: { attributes }, scopeMetrics }, format, scope)
    }
    const { living, gone } = await this.#member.collect()
    const merged = byWorker ? labelCluster(living) : mergeCluster(living, gone)
    return toPrometheusText(merged, format, scope)
  }
}
