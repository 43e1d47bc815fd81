import type { Clock } from '../model/clock.ts'
import type { EventSink } from '../model/event.ts'
import type { IngestFunc } from '../model/ingest.ts'
import { createBodyMemory } from './bodies.ts'
import { type BodySync, openBodyFolder } from './body-folder.ts'
import { encodeEvent, encodeFindings, type FindingGauge } from './encode-findings.ts'
import { ForwardLane } from './forward-lane.ts'
import { type DropReason, type Envelope, ForwardQueue, type Signal } from './forward-queue.ts'
import { createPost, type ForwardTarget } from './post-otlp.ts'
import { type OwnAddress, refuseLoop } from './refuse-loop.ts'

export interface ForwardOptions {
  /** Null forwards nothing. */
  readonly target: ForwardTarget | null
  /** Where the analyzer listens, which the target must not be. */
  readonly listen: OwnAddress
  readonly version: string
  /** True passes the tenant on in `X-Scope-OrgID`. */
  readonly multitenancy: boolean
  readonly limits: { readonly forwardQueueBytesMax: number }
  /** Where requests wait; undefined keeps them in memory. */
  readonly folder: string | undefined
  /** When waiting requests are forced to the disk. */
  readonly fsync: BodySync
  readonly clock: Clock
  readonly random: () => number
  readonly onProblem: (message: string) => void
}

/** What was forwarded and what was not, in requests. */
export interface ForwardCounts {
  readonly sent: ReadonlyMap<Signal, number>
  readonly failedAttempts: number
  readonly dropped: ReadonlyMap<DropReason, number>
  readonly queueBytes: number
}

/** Passes on what came in, and what the analyzer found, to the next OTLP endpoint. */
export interface Forward {
  /** The same function, which also passes on each request that it took. It never waits for the target. */
  readonly after: (ingest: IngestFunc) => IngestFunc
  readonly event: EventSink
  readonly findings: (tenant: string, findings: readonly FindingGauge[], nowMs: number) => void
  readonly counts: () => ForwardCounts
  /** Sends what it can in two seconds; what is left is on disk for the next start. */
  readonly close: () => Promise<void>
}

// Without a disk the queue shares memory with the samples, and all of it is lost at the end anyway.
const MEMORY_BYTES_MAX = 64 * 1024 * 1024
const CLOSE_MS_MAX = 2000
const TELL_AGAIN_MS = 10 * 60_000

/** Makes the stage behind the log. Throws STORAGE_FAILED, or CONFIG_INVALID for a target that is itself. */
export function createForward(options: ForwardOptions): Forward {
  return options.target === null ? FORWARD_NOTHING : forwardTo(options.target, options)
}

const FORWARD_NOTHING: Forward = {
  after: (ingest) => ingest,
  event: () => {},
  findings: () => {},
  counts: () => ({ sent: new Map(), failedAttempts: 0, dropped: new Map(), queueBytes: 0 }),
  close: async () => {},
}

function forwardTo(target: ForwardTarget, options: ForwardOptions): Forward {
  const { version, folder, clock, onProblem } = options
  refuseLoop(target.url, options.listen)
  const sent = new Map<Signal, number>()
  const dropped = new Map<DropReason, number>()
  const toldMs = new Map<DropReason, number>()
  let failedAttempts = 0

  const onDrop = (reason: DropReason, why: string) => {
    dropped.set(reason, (dropped.get(reason) ?? 0) + 1)
    // The lane tells of refusals, since it knows when they end.
    if (
      reason === 'refused' ||
      clock() - (toldMs.get(reason) ?? Number.NEGATIVE_INFINITY) < TELL_AGAIN_MS
    )
      return
    toldMs.set(reason, clock())
    onProblem(`a request was not forwarded, more may follow (${reason}): ${why}`)
  }
  const bytesMax = options.limits.forwardQueueBytesMax
  const queue = new ForwardQueue({
    bodies: folder === undefined ? createBodyMemory() : openBodyFolder(folder, options.fsync),
    bytesMax: folder === undefined ? Math.min(bytesMax, MEMORY_BYTES_MAX) : bytesMax,
    onDrop,
    onProblem,
  })

  const abort = new AbortController()
  const post = createPost(target, options.multitenancy)
  const laneOf = (signal: Signal) =>
    new ForwardLane({
      ...{ signal, queue, post, clock, onProblem, random: options.random, abort: abort.signal },
      onSent: () => {
        sent.set(signal, (sent.get(signal) ?? 0) + 1)
      },
      onFailedAttempt: () => failedAttempts++,
    })
  const lanes = { metrics: laneOf('metrics'), logs: laneOf('logs') }
  const puts = new Set<Promise<void>>()
  const put = (envelope: Envelope, body: Uint8Array): Promise<void> => {
    const done = queue.put(envelope, body).finally(() => puts.delete(done))
    puts.add(done)
    lanes[envelope.signal].wake()
    return done
  }
  for (const lane of Object.values(lanes)) lane.wake()

  return {
    after: (ingest) => async (tenant, body, encoding) => {
      const result = await ingest(tenant, body, encoding)
      await put({ signal: 'metrics', encoding, tenant }, body)
      return result
    },
    event: (event) => {
      const body = encodeEvent(event, clock(), version)
      void put({ signal: 'logs', encoding: 'json', tenant: event.tenant }, body)
    },
    findings: (tenant, findings, nowMs) => {
      if (findings.length === 0) return
      const body = encodeFindings(findings, nowMs, version)
      void put({ signal: 'metrics', encoding: 'json', tenant }, body)
    },
    counts: () => ({ sent, failedAttempts, dropped, queueBytes: queue.bytes }),
    close: async () => {
      await Promise.all(puts)
      const deadline = setTimeout(() => abort.abort(), CLOSE_MS_MAX)
      await Promise.all(Object.values(lanes).map((lane) => lane.close()))
      clearTimeout(deadline)
      abort.abort()
      await queue.close()
    },
  }
}
