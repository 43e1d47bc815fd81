import { CATALOG } from '../detect/catalog.ts'
import type { DetectorRow } from '../detect/detector.ts'
import type { Alert } from '../model/alert.ts'
import type { Bottleneck, BottleneckCandidate } from '../model/bottleneck.ts'
import type { EventSink } from '../model/event.ts'
import { assembleBottlenecks } from './assemble-bottlenecks.ts'
import { explain } from './explain.ts'
import type { FindingEntry, FindingState, PendingFinding } from './finding-entry.ts'
import { bottleneckIdOf } from './fingerprint.ts'
import type { PanelLink } from './panel-link.ts'

/** How many findings are kept. */
export interface FindingLimits {
  readonly findingsMax: number
  readonly resolvedFindingsMax: number
}

export interface FindingLedgerOptions {
  readonly emit: EventSink
  readonly tenant: string
  readonly limits: FindingLimits
  /** Tells how long each type must be seen and be gone. */
  readonly catalog?: readonly DetectorRow[]
  /** Links a bottleneck to the panel that shows it; to none by default. */
  readonly panelLink?: PanelLink
}

/** For types that the catalogue does not have: two evaluations at the usual interval. */
const TIMES_BY_DEFAULT = { confirmMs: 15_000, resolveMs: 120_000 }

/** Gives what detectors see an identity and a life, and tells causes from symptoms. */
export class FindingLedger {
  readonly #options: FindingLedgerOptions
  readonly #times: ReadonlyMap<string, Pick<DetectorRow, 'confirmMs' | 'resolveMs'>>
  readonly #pending = new Map<string, PendingFinding>()
  #entries = new Map<string, FindingEntry>()
  #bottlenecks: readonly Bottleneck[] = []
  #alerts: readonly Alert[] = []
  #dropped = 0
  #restored = false

  constructor(options: FindingLedgerOptions) {
    this.#options = options
    this.#times = new Map((options.catalog ?? CATALOG).map((row) => [row.type, row]))
  }

  /** Takes what the detectors see now, and the alerts that fire; tells what opened and what ended. */
  update(
    candidates: readonly BottleneckCandidate[],
    alerts: readonly Alert[],
    nowMs: number,
  ): void {
    if (this.#restored) this.#bridgeRestart(nowMs)
    this.#see(candidates, nowMs)
    this.#open(nowMs)
    const resolved = this.#resolve(nowMs)
    this.#forgetOldest()
    this.#alerts = alerts
    this.#assemble()
    this.#announce(nowMs, resolved)
  }

  /** Active and lately resolved ones, highest impact first. */
  bottlenecks(): readonly Bottleneck[] {
    return this.#bottlenecks
  }

  /** How many findings were not kept because a limit was reached. */
  dropped(): number {
    return this.#dropped
  }

  state(): FindingState {
    return { entries: [...this.#entries.values()], dropped: this.#dropped }
  }

  restore(state: FindingState): void {
    this.#entries = new Map(state.entries.map((entry) => [entry.id, entry]))
    this.#dropped = state.dropped
    this.#restored = true
    this.#assemble()
  }

  /** The time in which nobody looked is not time in which a bottleneck was gone. */
  #bridgeRestart(nowMs: number): void {
    this.#restored = false
    for (const entry of this.#entries.values()) {
      if (entry.status !== 'resolved') this.#put({ ...entry, lastSeenMs: nowMs })
    }
  }

  #see(candidates: readonly BottleneckCandidate[], nowMs: number): void {
    const worstFirst = [...candidates].sort((a, b) => b.impact.score - a.impact.score)
    const seen = new Set<string>()
    for (const candidate of worstFirst) {
      const id = bottleneckIdOf(candidate)
      if (seen.has(id)) continue
      seen.add(id)
      const known = this.#entries.get(id)
      if (known?.status === 'active') {
        this.#put({ ...known, candidate, lastSeenMs: nowMs })
      } else if (this.#pending.has(id) || this.#openCount() < this.#options.limits.findingsMax) {
        this.#pending.set(id, { id, candidate, sinceMs: this.#pending.get(id)?.sinceMs ?? nowMs })
      } else {
        this.#dropped++
      }
    }
    for (const id of this.#pending.keys()) if (!seen.has(id)) this.#pending.delete(id)
  }

  /** A symptom waits for a cause that is not confirmed yet, so that the cause is told first. */
  #open(nowMs: number): void {
    const active = [...this.#entries.values()].filter(({ status }) => status === 'active')
    const explanations = explain([...active, ...this.#pending.values()])
    const confirmed = [...this.#pending.values()].filter(
      ({ candidate, sinceMs }) => nowMs - sinceMs >= this.#timesOf(candidate).confirmMs,
    )
    let opened: boolean
    do {
      opened = false
      for (const { id, candidate, sinceMs } of confirmed) {
        const waits = explanations.get(id)?.some((cause) => this.#pending.has(cause)) ?? false
        if (waits || !this.#pending.delete(id)) continue
        this.#put({
          id,
          candidate,
          status: 'active',
          sinceMs,
          lastSeenMs: nowMs,
          announced: false,
        })
        opened = true
      }
    } while (opened)
  }

  #resolve(nowMs: number): ReadonlySet<string> {
    const resolved = new Set<string>()
    for (const entry of this.#entries.values()) {
      if (entry.status !== 'active') continue
      if (nowMs - entry.lastSeenMs < this.#timesOf(entry.candidate).resolveMs) continue
      this.#put({ ...entry, status: 'resolved', resolvedMs: nowMs })
      resolved.add(entry.id)
    }
    return resolved
  }

  #forgetOldest(): void {
    const resolved = [...this.#entries.values()]
      .filter(({ status }) => status === 'resolved')
      .sort((a, b) => (a.resolvedMs ?? 0) - (b.resolvedMs ?? 0))
    const excess = Math.max(0, resolved.length - this.#options.limits.resolvedFindingsMax)
    for (const { id } of resolved.slice(0, excess)) {
      this.#entries.delete(id)
      this.#dropped++
    }
  }

  #assemble(): void {
    this.#bottlenecks = assembleBottlenecks(
      [...this.#entries.values()],
      this.#alerts,
      this.#options.panelLink,
    )
  }

  #announce(nowMs: number, resolved: ReadonlySet<string>): void {
    const { emit, tenant } = this.#options
    const timestamp = new Date(nowMs).toISOString()
    for (const data of this.#bottlenecks) {
      const entry = this.#entries.get(data.id)
      if (entry === undefined) continue
      if (data.status === 'active' && data.cause && !entry.announced) {
        this.#put({ ...entry, announced: true })
        emit({ type: 'bottleneck.detected', timestamp, tenant, data })
      } else if (entry.announced && resolved.has(data.id)) {
        emit({ type: 'bottleneck.resolved', timestamp, tenant, data })
      }
    }
  }

  #put(entry: FindingEntry): void {
    this.#entries.set(entry.id, entry)
  }

  #openCount(): number {
    const active = [...this.#entries.values()].filter(({ status }) => status === 'active')
    return active.length + this.#pending.size
  }

  #timesOf({ type }: BottleneckCandidate): Pick<DetectorRow, 'confirmMs' | 'resolveMs'> {
    return this.#times.get(type) ?? TIMES_BY_DEFAULT
  }
}

/** A ledger without findings. */
export function createFindingLedger(options: FindingLedgerOptions): FindingLedger {
  return new FindingLedger(options)
}
