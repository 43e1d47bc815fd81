import type { Bottleneck, Evidence } from '../model/bottleneck.ts'
import { ChokepointError } from '../model/errors.ts'
import type { EventSink } from '../model/event.ts'
import type { QueryFunc, QueryStepsFunc } from '../model/query.ts'
import type { Effect, Recommendation, RecommendationStatus } from '../model/recommendation.ts'
import { effectOf, worseOf } from './effect.ts'
import { renderText } from './text-template.ts'
import { readTexts, TEXT_BY_DEFAULT, type Texts } from './texts.ts'

/** How many recommendations are kept: one for each finding at most. */
export interface RecommendationLimits {
  readonly findingsMax: number
  readonly resolvedFindingsMax: number
}

/** What people may do with a recommendation. */
export const RECOMMENDATION_ACTIONS = ['acknowledge', 'ignore', 'reopen'] as const
export type RecommendationAction = (typeof RECOMMENDATION_ACTIONS)[number]

/** One recommendation's life, as plain JSON. Times are Unix milliseconds. */
export interface RecommendationEntry {
  readonly id: string
  /** The bottleneck as it was when it was last active. */
  readonly bottleneck: Bottleneck
  readonly status: RecommendationStatus
  readonly openedMs: number
  readonly updatedMs: number
  readonly resolvedMs?: number
  readonly reopened: number
  /** The figure that must get better, at its worst since it was opened. */
  readonly lead?: Evidence
  readonly effect?: Effect
  /** The impact score that people were last told. */
  readonly toldScore: number
}

export interface RecommendationState {
  readonly entries: readonly RecommendationEntry[]
  readonly dropped: number
}

export interface RecommendationLedgerOptions {
  readonly query: QueryFunc
  readonly emit: EventSink
  readonly tenant: string
  readonly limits: RecommendationLimits
  readonly texts?: Texts
}

/** A change of the score by less is not worth another message. */
const SCORE_STEP = 10

type RecommendationEvent = `recommendation.${'opened' | 'updated' | 'resolved' | 'reopened'}`

/** Which status an action leads to, and from which it is allowed. */
const ACTIONS: Readonly<
  Record<
    RecommendationAction,
    { readonly from: readonly RecommendationStatus[]; readonly to: RecommendationStatus }
  >
> = {
  acknowledge: { from: ['open', 'ignored', 'acknowledged'], to: 'acknowledged' },
  ignore: { from: ['open', 'acknowledged', 'resolved', 'ignored'], to: 'ignored' },
  reopen: { from: ['acknowledged', 'ignored', 'resolved'], to: 'open' },
}

/** Turns causes into recommendations, and closes each when its own metric shows the effect. */
export class RecommendationLedger {
  readonly #options: RecommendationLedgerOptions
  readonly #texts: Texts
  #entries = new Map<string, RecommendationEntry>()
  #dropped = 0

  constructor(options: RecommendationLedgerOptions) {
    this.#options = options
    this.#texts = options.texts ?? readTexts()
  }

  /** Takes the bottlenecks as they are now: opens, updates, resolves and reopens. */
  update(bottlenecks: readonly Bottleneck[], nowMs: number): void {
    const { query } = this.#options
    const steps = this.updateInSteps(bottlenecks, nowMs, function* (expression, atMs) {
      yield
      return query(expression, atMs)
    })
    for (const _ of steps);
  }

  /** The same, resting while the effects of what was done are measured. */
  *updateInSteps(
    bottlenecks: readonly Bottleneck[],
    nowMs: number,
    ask: QueryStepsFunc,
  ): Generator<void> {
    const active = new Set<string>()
    for (const bottleneck of bottlenecks) {
      if (bottleneck.status !== 'active') continue
      active.add(bottleneck.id)
      const id = bottleneck.recommendations[0]
      if (id !== undefined) this.#keepOpen(id, bottleneck, nowMs)
    }
    for (const { id, bottleneck } of [...this.#entries.values()]) {
      if (!active.has(bottleneck.id)) yield* this.#resolve(id, nowMs, ask)
    }
    this.#forgetOldest()
  }

  /** All that are kept, highest impact first. */
  list(): readonly Recommendation[] {
    return [...this.#entries.values()]
      .map((entry) => this.#present(entry))
      .sort((a, b) => b.impact.score - a.impact.score || (a.id < b.id ? -1 : 1))
  }

  /** Does what a person decided. Fails when there is no such recommendation or the step makes no sense. */
  setStatus(id: string, action: RecommendationAction, nowMs: number): Recommendation {
    const entry = this.#entries.get(id)
    if (entry === undefined) {
      throw new ChokepointError('NOT_FOUND', `there is no recommendation ${id}`)
    }
    const { from, to } = ACTIONS[action]
    if (!from.includes(entry.status)) {
      throw new ChokepointError(
        'PARAMETER_INVALID',
        `cannot ${action} the recommendation ${id}: it is ${entry.status}, and that needs one that is ${from.join(' or ')}`,
      )
    }
    if (to === entry.status) return this.#present(entry)
    if (action === 'reopen') return this.#reopen(entry, entry.bottleneck, nowMs)
    return this.#tell({ ...entry, status: to }, 'recommendation.updated', nowMs)
  }

  /** How many recommendations were not kept because a limit was reached. */
  dropped(): number {
    return this.#dropped
  }

  state(): RecommendationState {
    return { entries: [...this.#entries.values()], dropped: this.#dropped }
  }

  restore(state: RecommendationState): void {
    this.#entries = new Map(state.entries.map((entry) => [entry.id, entry]))
    this.#dropped = state.dropped
  }

  #keepOpen(id: string, bottleneck: Bottleneck, nowMs: number): void {
    const known = this.#entries.get(id)
    if (known === undefined) this.#openNew(id, bottleneck, nowMs)
    else if (known.status === 'resolved') this.#reopen(known, bottleneck, nowMs)
    else this.#renew(known, bottleneck, nowMs)
  }

  #openNew(id: string, bottleneck: Bottleneck, nowMs: number): void {
    const open = [...this.#entries.values()].filter(({ status }) => status !== 'resolved').length
    if (open >= this.#options.limits.findingsMax) {
      this.#dropped++
      return
    }
    const [lead] = bottleneck.evidence
    const entry: RecommendationEntry = {
      id,
      bottleneck,
      status: 'open',
      openedMs: nowMs,
      updatedMs: nowMs,
      reopened: 0,
      ...(lead === undefined ? {} : { lead }),
      toldScore: bottleneck.impact.score,
    }
    this.#tell(entry, 'recommendation.opened', nowMs)
  }

  /** What is told again: another severity, or a clearly different impact. Nothing of what is ignored. */
  #renew(known: RecommendationEntry, bottleneck: Bottleneck, nowMs: number): void {
    const [now] = bottleneck.evidence
    const lead = now && known.lead ? worseOf(known.lead, now) : (known.lead ?? now)
    const entry = { ...known, bottleneck, ...(lead === undefined ? {} : { lead }) }
    const changed =
      bottleneck.severity !== known.bottleneck.severity ||
      Math.abs(bottleneck.impact.score - known.toldScore) >= SCORE_STEP
    if (changed && entry.status !== 'ignored') this.#tell(entry, 'recommendation.updated', nowMs)
    else this.#entries.set(entry.id, entry)
  }

  #reopen(entry: RecommendationEntry, bottleneck: Bottleneck, nowMs: number): Recommendation {
    const { effect: _past, resolvedMs, ...rest } = entry
    const [lead] = bottleneck.evidence
    const reopened = {
      ...rest,
      bottleneck,
      status: 'open' as const,
      reopened: entry.reopened + (resolvedMs === undefined ? 0 : 1),
      ...(lead === undefined ? {} : { lead }),
    }
    return this.#tell(reopened, 'recommendation.reopened', nowMs)
  }

  *#resolve(id: string, nowMs: number, ask: QueryStepsFunc): Generator<void> {
    const lead = this.#resolvable(id)?.lead
    if (lead === undefined) return
    const effect = effectOf(lead, yield* ask(lead.query, nowMs))
    // A person may have decided otherwise meanwhile.
    const entry = this.#resolvable(id)
    if (effect === undefined || entry === undefined) return
    const resolved = { ...entry, status: 'resolved' as const, resolvedMs: nowMs, effect }
    this.#tell(resolved, 'recommendation.resolved', nowMs)
  }

  #resolvable(id: string): RecommendationEntry | undefined {
    const entry = this.#entries.get(id)
    return entry?.status === 'open' || entry?.status === 'acknowledged' ? entry : undefined
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

  #tell(entry: RecommendationEntry, type: RecommendationEvent, nowMs: number): Recommendation {
    const told = { ...entry, updatedMs: nowMs, toldScore: entry.bottleneck.impact.score }
    this.#entries.set(told.id, told)
    const data = this.#present(told)
    const { emit, tenant } = this.#options
    emit({ type, timestamp: new Date(nowMs).toISOString(), tenant, data })
    return data
  }

  #present(entry: RecommendationEntry): Recommendation {
    const { bottleneck, resolvedMs, effect } = entry
    const { type, severity, resource, component, operation, impact, confidence, evidence } =
      bottleneck
    const { dashboardUrl } = bottleneck
    const template = this.#texts.get(type) ?? this.#texts.get(TEXT_BY_DEFAULT)
    if (template === undefined) {
      throw new ChokepointError(
        'CONFIG_INVALID',
        `there is no text for the bottleneck type ${type}`,
      )
    }
    return {
      id: entry.id,
      bottleneck: bottleneck.id,
      type,
      severity,
      status: entry.status,
      resource,
      component,
      operation,
      ...renderText(template, bottleneck),
      impact,
      confidence,
      evidence,
      openedAt: new Date(entry.openedMs).toISOString(),
      updatedAt: new Date(entry.updatedMs).toISOString(),
      ...(resolvedMs === undefined ? {} : { resolvedAt: new Date(resolvedMs).toISOString() }),
      reopened: entry.reopened,
      ...(effect === undefined ? {} : { effect }),
      ...(dashboardUrl === undefined ? {} : { dashboardUrl }),
    }
  }
}

/** A ledger without recommendations; reads the texts of this package unless others are given. */
export function createRecommendationLedger(
  options: RecommendationLedgerOptions,
): RecommendationLedger {
  return new RecommendationLedger(options)
}
