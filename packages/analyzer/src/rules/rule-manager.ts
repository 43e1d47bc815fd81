import type { Alert, AlertTransition } from '../model/alert.ts'
import type { Labels } from '../model/labels.ts'
import type { QueryFunc } from '../model/query.ts'
import { type ActiveAlert, AlertingRuleState } from './alerting-rule.ts'
import { labelKey } from './label-key.ts'
import { evaluateRecordingRule } from './recording-rule.ts'
import type { RecordFunc, RuleContext, RuleSample } from './rule-context.ts'
import type { AlertingRule, RecordingRule, RuleGroup } from './rule-file.ts'

/** What a rule manager is made of. */
export interface RuleManagerOptions {
  readonly groups: readonly RuleGroup[]
  readonly query: QueryFunc
  readonly record: RecordFunc
  readonly onTransition: (transition: AlertTransition) => void
  /** Of groups that name none; 15 s by default. */
  readonly intervalMs?: number
  readonly externalLabels?: Labels
  readonly externalUrl?: string
  /** The most alerts that all rules together may have; 10,000 by default. */
  readonly alertsMax?: number
  /** The names of the metrics an expression reads, or undefined when they cannot be told. */
  readonly metricNames?: (expression: string) => readonly string[] | undefined
  /** Milliseconds since any fixed instant, for the duration of evaluations. */
  readonly stopwatch?: () => number
}

/** A rule with the health of its last evaluation. Times are Unix milliseconds. */
export type RuleStatus = {
  readonly health: 'unknown' | 'ok' | 'err'
  readonly lastError: string
  readonly lastEvaluationMs: number
  readonly evaluationSeconds: number
} & (
  | { readonly rule: RecordingRule }
  | { readonly rule: AlertingRule; readonly alerts: readonly ActiveAlert[] }
)

/** A group of rules as `/api/v1/rules` tells it. */
export interface RuleGroupStatus {
  readonly name: string
  readonly file: string
  readonly intervalMs: number
  readonly limit: number
  readonly lastEvaluationMs: number
  readonly evaluationSeconds: number
  readonly rules: readonly RuleStatus[]
}

/** What survives a restart: the alerts of each rule. */
export interface RuleManagerState {
  readonly version: 1
  /** When the rules were last evaluated. */
  readonly savedMs: number
  readonly alerts: readonly { readonly rule: string; readonly active: readonly ActiveAlert[] }[]
}

/** Evaluates rules, keeps their alerts and tells each step of an alert. */
export interface RuleManager {
  /** Evaluates the groups whose interval has passed. */
  readonly evaluate: (nowMs: number) => void
  /** Evaluates at once the rules that read any of these metrics, and the rules that read those. */
  readonly evaluateChanged: (names: ReadonlySet<string>, nowMs: number) => void
  /** Pending and firing alerts, in the order of the rules. */
  readonly alerts: () => readonly Alert[]
  readonly ruleGroups: () => readonly RuleGroupStatus[]
  readonly state: () => RuleManagerState
  readonly restore: (state: RuleManagerState) => void
  /** Takes new rules; a rule whose group, name and labels stay keeps its alerts. */
  readonly replaceGroups: (groups: readonly RuleGroup[]) => void
}

/** A rule as it is evaluated, with what its last evaluation left. */
interface RuleRow {
  readonly key: string
  readonly rule: RecordingRule | AlertingRule
  readonly alerting: AlertingRuleState | undefined
  readonly reads: readonly string[] | undefined
  series: Map<string, RuleSample>
  health: RuleStatus['health']
  lastError: string
  lastEvaluationMs: number
  evaluationSeconds: number
}

interface GroupRow {
  readonly group: RuleGroup
  readonly intervalMs: number
  readonly rows: readonly RuleRow[]
  lastEvaluationMs: number
  evaluationSeconds: number
}

const NEVER = Number.NEGATIVE_INFINITY

/** Makes a rule manager; it does nothing until it is told the time. */
export function createRuleManager(options: RuleManagerOptions): RuleManager {
  const manager = new Manager(options)
  return {
    evaluate: (nowMs) => manager.evaluate(nowMs),
    evaluateChanged: (names, nowMs) => manager.evaluateChanged(names, nowMs),
    alerts: () => manager.alerts(),
    ruleGroups: () => manager.ruleGroups(),
    state: () => manager.state(),
    restore: (state) => manager.restore(state),
    replaceGroups: (groups) => manager.replaceGroups(groups),
  }
}

class Manager {
  readonly #options: RuleManagerOptions
  readonly #stopwatch: () => number
  #groups: readonly GroupRow[]
  /** Series of rules that are gone; the next evaluation marks them stale. */
  #orphans: readonly RuleSample[] = []

  constructor(options: RuleManagerOptions) {
    this.#options = options
    this.#stopwatch = options.stopwatch ?? (() => performance.now())
    this.#groups = options.groups.map((group) => this.#groupRow(group))
  }

  evaluate(nowMs: number): void {
    this.#endOrphans(nowMs)
    for (const group of this.#groups) {
      const { intervalMs, lastEvaluationMs } = group
      if (Math.floor(nowMs / intervalMs) <= Math.floor(lastEvaluationMs / intervalMs)) continue
      const started = this.#stopwatch()
      for (const row of group.rows) this.#evaluateRow(row, group, nowMs)
      group.lastEvaluationMs = nowMs
      group.evaluationSeconds = (this.#stopwatch() - started) / 1000
    }
  }

  evaluateChanged(names: ReadonlySet<string>, nowMs: number): void {
    this.#endOrphans(nowMs)
    const changed = new Set(names)
    for (const group of this.#groups) {
      for (const row of group.rows) {
        if (nowMs < row.lastEvaluationMs || !readsAny(row, changed)) continue
        for (const name of this.#evaluateRow(row, group, nowMs)) changed.add(name)
      }
    }
  }

  alerts(): readonly Alert[] {
    return this.#rows().flatMap(({ alerting }) =>
      alerting === undefined ? [] : alerting.active().map((active) => alerting.toAlert(active)),
    )
  }

  ruleGroups(): readonly RuleGroupStatus[] {
    return this.#groups.map(({ group, rows, intervalMs, lastEvaluationMs, evaluationSeconds }) => ({
      name: group.name,
      file: group.file,
      intervalMs,
      limit: group.limit,
      lastEvaluationMs: Math.max(lastEvaluationMs, 0),
      evaluationSeconds,
      rules: rows.map(statusOf),
    }))
  }

  state(): RuleManagerState {
    const rows = this.#rows()
    return {
      version: 1,
      savedMs: Math.max(0, ...rows.map((row) => row.lastEvaluationMs)),
      alerts: rows.flatMap(({ key, alerting }) => {
        const active = alerting?.active() ?? []
        return active.length === 0 ? [] : [{ rule: key, active }]
      }),
    }
  }

  restore(state: RuleManagerState): void {
    const saved = new Map(state.alerts.map(({ rule, active }) => [rule, active]))
    for (const { key, alerting } of this.#rows()) alerting?.adopt(saved.get(key) ?? [])
  }

  replaceGroups(groups: readonly RuleGroup[]): void {
    const old = new Map(this.#rows().map((row) => [row.key, row]))
    const oldGroups = new Map(this.#groups.map((row) => [groupKey(row.group), row]))
    this.#groups = groups.map((group) => {
      const row = this.#groupRow(group)
      row.lastEvaluationMs = oldGroups.get(groupKey(group))?.lastEvaluationMs ?? NEVER
      for (const rule of row.rows) {
        const before = old.get(rule.key)
        if (before === undefined) continue
        old.delete(rule.key)
        rule.series = before.series
        rule.alerting?.adopt(before.alerting?.active() ?? [])
      }
      return row
    })
    this.#orphans = [
      ...this.#orphans,
      ...[...old.values()].flatMap((row) => [...row.series.values()]),
    ]
  }

  #rows(): readonly RuleRow[] {
    return this.#groups.flatMap((group) => group.rows)
  }

  #groupRow(group: RuleGroup): GroupRow {
    const times = new Map<string, number>()
    return {
      group,
      intervalMs: group.intervalMs ?? this.#options.intervalMs ?? 15_000,
      rows: group.rules.map((rule): RuleRow => {
        const base = `${groupKey(group)}\n${rule.kind}\n${rule.name}\n${labelKey(rule.labels)}`
        const nth = times.get(base) ?? 0
        times.set(base, nth + 1)
        return {
          // Rules of a group may share name and labels; their order then tells them apart.
          key: `${base}\n${nth}`,
          rule,
          alerting: rule.kind === 'alerting' ? new AlertingRuleState(rule) : undefined,
          reads: this.#options.metricNames?.(rule.expression),
          series: new Map(),
          health: 'unknown',
          lastError: '',
          lastEvaluationMs: NEVER,
          evaluationSeconds: 0,
        }
      }),
      lastEvaluationMs: NEVER,
      evaluationSeconds: 0,
    }
  }

  /** Evaluates one rule; a failure stays with the rule. Gives the names of the series it wrote. */
  #evaluateRow(row: RuleRow, { group }: GroupRow, nowMs: number): readonly string[] {
    const started = this.#stopwatch()
    const context: RuleContext = {
      query: this.#options.query,
      nowMs,
      queryMs: nowMs - (group.queryOffsetMs ?? 0),
      limit: group.limit,
      externalLabels: this.#options.externalLabels ?? {},
      externalUrl: this.#options.externalUrl ?? '',
    }
    let names: readonly string[] = []
    try {
      names = this.#write(row, this.#samplesOf(row, context), context.queryMs)
      row.health = 'ok'
      row.lastError = ''
    } catch (error) {
      row.health = 'err'
      row.lastError = (error as Error).message
    }
    row.lastEvaluationMs = nowMs
    row.evaluationSeconds = (this.#stopwatch() - started) / 1000
    return names
  }

  #samplesOf(row: RuleRow, context: RuleContext): readonly RuleSample[] {
    if (row.rule.kind === 'recording') return evaluateRecordingRule(row.rule, context)
    const { samples, transitions } = (row.alerting as AlertingRuleState).evaluate(context)
    for (const transition of transitions) this.#options.onTransition(transition)
    return samples
  }

  /** Records the samples of a rule and ends its series that are no longer among them. */
  #write(row: RuleRow, samples: readonly RuleSample[], timeMs: number): readonly string[] {
    const { record } = this.#options
    const series = new Map<string, RuleSample>()
    for (const sample of samples) {
      series.set(`${sample.name}\n${labelKey(sample.labels)}`, sample)
      record(sample.name, sample.labels, timeMs, sample.value)
    }
    const names = new Set(samples.map((sample) => sample.name))
    for (const [key, old] of row.series) {
      if (series.has(key)) continue
      record(old.name, old.labels, timeMs, 'stale')
      names.add(old.name)
    }
    row.series = series
    return [...names]
  }

  #endOrphans(nowMs: number): void {
    for (const { name, labels } of this.#orphans) this.#options.record(name, labels, nowMs, 'stale')
    this.#orphans = []
  }
}

function groupKey(group: RuleGroup): string {
  return `${group.file}\n${group.name}`
}

function readsAny(row: RuleRow, names: ReadonlySet<string>): boolean {
  return row.reads === undefined || row.reads.some((name) => names.has(name))
}

function statusOf(row: RuleRow): RuleStatus {
  const { health, lastError, evaluationSeconds, rule, alerting } = row
  const status = {
    health,
    lastError,
    evaluationSeconds,
    lastEvaluationMs: Math.max(row.lastEvaluationMs, 0),
  }
  return rule.kind === 'recording'
    ? { ...status, rule }
    : { ...status, rule, alerts: alerting?.active() ?? [] }
}
