import { LIMITS } from '../config/limits.ts'
import type { Alert, AlertTransition } from '../model/alert.ts'
import { ChokepointError } from '../model/errors.ts'
import type { Labels } from '../model/labels.ts'
import type { QueryFunc, QueryStepsFunc } from '../model/query.ts'
import type { RuleGroupStatus } from '../model/rule-status.ts'
import type { AlertingState } from './alerting-rule.ts'
import { labelKey } from './label-key.ts'
import type { RecordFunc, RuleContext, RuleSample } from './rule-context.ts'
import type { RuleGroup } from './rule-file.ts'
import { RuleRow } from './rule-row.ts'
import { TimeBudget } from './time-budget.ts'

/** What a rule manager is made of. */
export interface RuleManagerOptions {
  readonly groups: readonly RuleGroup[]
  readonly query: QueryFunc
  /** The same for rules that may rest; by default `query`, which does not. */
  readonly queryInSteps?: QueryStepsFunc
  readonly record: RecordFunc
  readonly onTransition: (transition: AlertTransition) => void
  /** Of groups that name none; 15 s by default. */
  readonly intervalMs?: number
  readonly externalLabels?: Labels
  readonly externalUrl?: string
  /** The most rules, and the most alerts that they may have together. */
  readonly limits?: { readonly rulesMax: number; readonly alertsMax: number }
  /** The names of the metrics an expression reads, or undefined when they cannot be told. */
  readonly metricNames?: (expression: string) => readonly string[] | undefined
  /** Milliseconds since any fixed instant, for the duration of evaluations. */
  readonly stopwatch?: () => number
}

/** What survives a restart, by rule. */
export interface RuleManagerState {
  readonly version: 1
  /** When a rule was last evaluated, in Unix milliseconds. */
  readonly savedMs: number
  readonly rules: readonly ({ readonly rule: string } & AlertingState)[]
}

/** Evaluates rules, keeps their alerts and tells each step of an alert. */
export interface RuleManager {
  /** Evaluates the groups whose interval has passed. */
  readonly evaluate: (nowMs: number) => void
  /** The same, resting between rules and within long ones: the caller may let others run meanwhile.
   * `ask` answers the rules of this pass, by default `queryInSteps`. */
  readonly evaluateInSteps: (nowMs: number, ask?: QueryStepsFunc) => Generator<void>
  /**
   * Evaluates at once the cheap rules that read any of these metrics, and the rules that read those. Costly
   * ones, and what goes over the share of the time that arrivals have, wait for a later call, for
   * `evaluateWaiting`, or for their interval.
   */
  readonly evaluateChanged: (names: ReadonlySet<string>, nowMs: number) => void
  /**
   * Goes on with a rule that arrived data wait for, in steps; undefined when there is none whose share of the time
   * allows it, or one is under way.
   */
  readonly evaluateWaiting: (nowMs: number) => Generator<void> | undefined
  /** The least interval of a group, or undefined without rules. */
  readonly intervalMs: () => number | undefined
  /** Pending and firing alerts, in the order of the rules. */
  readonly alerts: () => readonly Alert[]
  readonly ruleGroups: () => readonly RuleGroupStatus[]
  readonly state: () => RuleManagerState
  /** Takes up the alerts of an earlier process; to be called before the first evaluation. */
  readonly restore: (state: RuleManagerState) => void
  /** Takes new rules; a rule whose group, name and labels stay keeps its alerts. */
  readonly replaceGroups: (groups: readonly RuleGroup[]) => void
}

interface GroupRow {
  readonly group: RuleGroup
  readonly intervalMs: number
  readonly rows: readonly RuleRow[]
  lastEvaluationMs: number
  evaluationSeconds: number
}

/** The part of the time that cheap rules may take together: they are evaluated for each request. */
const ARRIVAL_SHARE = 0.25
/** The part that costly ones share evenly: they are evaluated less often. */
const COSTLY_SHARE = 0.1
/** A rule that takes longer is costly: it is evaluated in steps, and one of them at a time. */
const COSTLY_MS = 5
/** What cheap rules may take in one go; the others wait for a turn, however much of their share is left. */
const AT_ONCE_MS = 10
const NEVER = Number.NEGATIVE_INFINITY

/** Makes a rule manager; it does nothing until it is told the time. */
export function createRuleManager(options: RuleManagerOptions): RuleManager {
  const manager = new Manager(options)
  return {
    evaluate: (nowMs) => runThrough(manager.evaluateInSteps(nowMs)),
    evaluateInSteps: (nowMs, ask) => manager.evaluateInSteps(nowMs, ask),
    evaluateChanged: (names, nowMs) => manager.evaluateChanged(names, nowMs),
    evaluateWaiting: (nowMs) => manager.evaluateWaiting(nowMs),
    intervalMs: () => manager.intervalMs(),
    alerts: () => manager.alerts(),
    ruleGroups: () => manager.ruleGroups(),
    state: () => manager.state(),
    restore: (state) => manager.restore(state),
    replaceGroups: (groups) => manager.replaceGroups(groups),
  }
}

class Manager {
  readonly #options: RuleManagerOptions
  readonly #limits: NonNullable<RuleManagerOptions['limits']>
  readonly #stopwatch: () => number
  readonly #arrivals = new TimeBudget(ARRIVAL_SHARE)
  readonly #inSteps: QueryStepsFunc
  /** Evaluations that took too long to be finished when the data came. */
  readonly #unfinished: Generator<void, ReadonlySet<string>>[] = []
  #groups: readonly GroupRow[]
  #nowMs = 0
  /** A costly rule is being evaluated between two passes. */
  #isBusy = false
  /** Alerts of all rules together. */
  #activeCount = 0
  /** When the state that was taken up was saved; undefined after the first evaluation. */
  #restoredMs: number | undefined
  /** Series of rules that are gone; the next evaluation ends them. */
  #orphans: readonly RuleSample[] = []

  constructor(options: RuleManagerOptions) {
    this.#options = options
    this.#limits = options.limits ?? {
      rulesMax: LIMITS.rulesMax.default,
      alertsMax: LIMITS.alertsMax.default,
    }
    this.#stopwatch = options.stopwatch ?? (() => performance.now())
    this.#inSteps = options.queryInSteps ?? atOnce(options.query)
    this.#groups = this.#groupRows(options.groups)
  }

  *evaluateInSteps(nowMs: number, ask = this.#inSteps): Generator<void> {
    this.#begin(nowMs)
    const groups = this.#groups
    for (const group of groups) {
      const { intervalMs, lastEvaluationMs } = group
      // Instants of a group are the multiples of its interval, whenever the clock passes one.
      if (Math.floor(nowMs / intervalMs) <= Math.floor(lastEvaluationMs / intervalMs)) continue
      // Before the first step: a pass that is broken off is not begun again at the same instant.
      group.lastEvaluationMs = nowMs
      let tookMs = 0
      for (const row of group.rows) {
        // Data that arrived between two steps was judged later than this pass is, or is being judged.
        if (nowMs >= row.lastEvaluationMs && !row.isWriting) {
          yield* this.#evaluateRow(row, group, nowMs, ask)
          tookMs += row.lastMs
        }
        yield
        // New rules came between two steps: the old ones are over.
        if (this.#groups !== groups) return
      }
      group.evaluationSeconds = tookMs / 1000
    }
  }

  /** Looks at the rules behind `after` only, if it is given: who was before it does not read what it writes. */
  evaluateChanged(names: ReadonlySet<string>, nowMs: number, after?: RuleRow): void {
    this.#begin(nowMs)
    const changed = new Set(names)
    const untilMs = this.#stopwatch() + AT_ONCE_MS
    let isBehind = after === undefined
    for (const group of this.#groups) {
      for (const row of group.rows) {
        if (!isBehind) {
          isBehind = row === after
          continue
        }
        if (nowMs < row.lastEvaluationMs || !(row.waiting || row.readsAny(changed))) continue
        row.waiting = true
        const started = this.#stopwatch()
        if (row.isUnderWay || isCostly(row) || started >= untilMs) continue
        if (!this.#arrivals.hasRoom(nowMs)) continue
        const evaluation = this.#evaluateRow(row, group, nowMs, this.#inSteps)
        const written = runFor(COSTLY_MS, evaluation, this.#stopwatch)
        if (written === undefined) this.#unfinished.push(evaluation)
        else for (const name of written) changed.add(name)
        this.#arrivals.spend(this.#stopwatch() - started)
      }
    }
  }

  evaluateWaiting(nowMs: number): Generator<void> | undefined {
    if (this.#isBusy) return undefined
    const begun = this.#unfinished.shift()
    if (begun !== undefined) return this.#finish(begun, nowMs)
    const share = COSTLY_SHARE / Math.max(this.#rows().filter(isCostly).length, 1)
    for (const group of this.#groups) {
      for (const row of group.rows) {
        if (!row.waiting || row.isUnderWay || nowMs < row.lastEvaluationMs) continue
        const costly = isCostly(row)
        if (costly ? !row.isWithin(share, nowMs) : !this.#arrivals.hasRoom(nowMs)) continue
        const evaluation = this.#evaluateRow(row, group, nowMs, this.#inSteps)
        return costly ? this.#finish(evaluation, nowMs) : this.#finishCheap(row, evaluation, nowMs)
      }
    }
    return undefined
  }

  *#finish(evaluation: Generator<void, ReadonlySet<string>>, nowMs: number): Generator<void> {
    this.#isBusy = true
    try {
      const written = yield* evaluation
      if (written.size > 0) this.evaluateChanged(written, nowMs)
    } finally {
      this.#isBusy = false
    }
  }

  *#finishCheap(
    row: RuleRow,
    evaluation: Generator<void, ReadonlySet<string>>,
    nowMs: number,
  ): Generator<void> {
    this.#isBusy = true
    try {
      const written = yield* evaluation
      this.#arrivals.spend(row.lastMs)
      if (written.size > 0) this.evaluateChanged(written, nowMs, row)
    } finally {
      this.#isBusy = false
    }
  }

  intervalMs(): number | undefined {
    return this.#groups.length === 0
      ? undefined
      : Math.min(...this.#groups.map(({ intervalMs }) => intervalMs))
  }

  alerts(): readonly Alert[] {
    return this.#rows().flatMap(({ alerting }) => alerting?.alerts(this.#nowMs) ?? [])
  }

  ruleGroups(): readonly RuleGroupStatus[] {
    return this.#groups.map(({ group, rows, intervalMs, lastEvaluationMs, evaluationSeconds }) => ({
      name: group.name,
      file: group.file,
      intervalSeconds: intervalMs / 1000,
      limit: group.limit,
      lastEvaluationMs: Math.max(lastEvaluationMs, 0),
      evaluationSeconds,
      rules: rows.map((row) => row.status(this.#nowMs)),
    }))
  }

  state(): RuleManagerState {
    return {
      version: 1,
      savedMs: this.#restoredMs ?? this.#nowMs,
      rules: this.#rows().flatMap(({ key, alerting }) => {
        const state = alerting?.state()
        if (state === undefined || (state.active.length === 0 && state.learned === undefined))
          return []
        return [{ rule: key, ...state }]
      }),
    }
  }

  restore(state: RuleManagerState): void {
    const saved = new Map(state.rules.map(({ rule, ...kept }) => [rule, kept]))
    for (const row of this.#rows()) {
      const kept = saved.get(row.key)
      if (kept !== undefined) row.restore(kept)
    }
    this.#restoredMs = state.savedMs
  }

  replaceGroups(groups: readonly RuleGroup[]): void {
    const rows = this.#groupRows(groups)
    const oldRows = new Map(this.#rows().map((row) => [row.key, row]))
    const oldGroups = new Map(this.#groups.map((row) => [groupKey(row.group), row]))
    for (const row of this.#rows()) row.retired = true
    for (const group of rows) {
      const before = oldGroups.get(groupKey(group.group))
      if (before !== undefined && before.intervalMs === group.intervalMs) {
        group.lastEvaluationMs = before.lastEvaluationMs
      }
      for (const row of group.rows) {
        const old = oldRows.get(row.key)
        if (old === undefined) continue
        row.adopt(old)
        oldRows.delete(row.key)
      }
    }
    this.#groups = rows
    // Alerts of rules that are gone are over, and whoever was told that they fire is told so.
    for (const old of oldRows.values()) this.#retire(old)
    this.#countActive()
  }

  #countActive(): void {
    this.#activeCount = 0
    for (const row of this.#rows()) {
      row.counted = 0
      this.#count(row)
    }
  }

  #count(row: RuleRow): void {
    const active = row.alerting?.activeCount ?? 0
    this.#activeCount += active - row.counted
    row.counted = active
  }

  #begin(nowMs: number): void {
    this.#nowMs = Math.max(nowMs, this.#nowMs)
    for (const { name, labels } of this.#orphans) this.#options.record(name, labels, nowMs, 'stale')
    this.#orphans = []
    if (this.#restoredMs === undefined) return
    const outageMs = Math.max(nowMs - this.#restoredMs, 0)
    this.#restoredMs = undefined
    for (const { alerting } of this.#rows()) alerting?.postpone(outageMs)
    this.#countActive()
  }

  #retire(row: RuleRow): void {
    this.#orphans = [...this.#orphans, ...row.series()]
    for (const transition of row.alerting?.endAll(this.#nowMs) ?? []) {
      this.#options.onTransition(transition)
    }
  }

  #rows(): readonly RuleRow[] {
    return this.#groups.flatMap((group) => group.rows)
  }

  #groupRows(groups: readonly RuleGroup[]): readonly GroupRow[] {
    const { rulesMax } = this.#limits
    const count = groups.reduce((sum, group) => sum + group.rules.length, 0)
    if (count > rulesMax) {
      throw new ChokepointError(
        'RULES_INVALID',
        `cannot use ${count} rules: the limit rulesMax is ${rulesMax}`,
      )
    }
    return groups.map((group) => ({
      group,
      intervalMs: group.intervalMs ?? this.#options.intervalMs ?? 15_000,
      rows: this.#ruleRows(group),
      lastEvaluationMs: NEVER,
      evaluationSeconds: 0,
    }))
  }

  #ruleRows(group: RuleGroup): readonly RuleRow[] {
    const times = new Map<string, number>()
    return group.rules.map((rule) => {
      const base = [groupKey(group), rule.kind, rule.name, labelKey(rule.labels)].join('\n')
      const nth = times.get(base) ?? 0
      times.set(base, nth + 1)
      // Rules of a group may share name and labels; their order then tells them apart.
      return new RuleRow(`${base}\n${nth}`, rule, this.#options.metricNames?.(rule.expression))
    })
  }

  /** Evaluates one rule, tells what became of its alerts and gives the names of the series it wrote. */
  *#evaluateRow(
    row: RuleRow,
    { group }: GroupRow,
    instantMs: number,
    ask: QueryStepsFunc,
  ): Generator<void, ReadonlySet<string>> {
    const { query, record, onTransition, externalLabels = {}, externalUrl = '' } = this.#options
    // An arrival and the interval may fall on one millisecond; a series has one value at each.
    const nowMs = instantMs === row.lastEvaluationMs ? instantMs + 1 : instantMs
    const context: RuleContext = {
      ask,
      query,
      nowMs,
      queryMs: nowMs - (group.queryOffsetMs ?? 0),
      limit: this.#limitOf(row, group),
      externalLabels,
      externalUrl,
    }
    const names = yield* row.evaluate(context, record, onTransition, this.#stopwatch)
    if (!row.retired) this.#count(row)
    return names
  }

  /** The limit of the group, or what the other rules leave of the limit on all alerts. */
  #limitOf(row: RuleRow, group: RuleGroup): number {
    if (row.alerting === undefined) return group.limit
    const others = this.#activeCount - row.counted
    const room = this.#limits.alertsMax - others
    // Zero would mean no limit at all.
    return Math.min(group.limit || Number.POSITIVE_INFINITY, Math.max(room, 1))
  }
}

function isCostly({ usualMs }: RuleRow): boolean {
  return usualMs > COSTLY_MS
}

function atOnce(query: QueryFunc): QueryStepsFunc {
  // biome-ignore lint/correctness/useYield: it has nothing to rest for
  return function* (expression, atMs) {
    return query(expression, atMs)
  }
}

/** The result of what is done within this time; undefined when it is not. */
function runFor<Result>(
  ms: number,
  steps: Generator<void, Result>,
  stopwatch: () => number,
): Result | undefined {
  const untilMs = stopwatch() + ms
  do {
    const step = steps.next()
    if (step.done === true) return step.value
  } while (stopwatch() < untilMs)
  return undefined
}

function runThrough<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

function groupKey(group: RuleGroup): string {
  return `${group.file}\n${group.name}`
}
