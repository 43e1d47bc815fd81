import type { AlertTransition } from '../model/alert.ts'
import type { RuleStatus, RuleStatusCommon } from '../model/rule-status.ts'
import { AlertingRuleState, type AlertingState } from './alerting-rule.ts'
import { evaluateRecordingRule } from './recording-rule.ts'
import type { RecordFunc, RuleContext, RuleSample } from './rule-context.ts'
import type { AlertingRule, RecordingRule } from './rule-file.ts'

/** What one evaluation of a rule did. */
export interface RowEvaluation {
  /** The names of the series that were written or ended. */
  readonly names: ReadonlySet<string>
  readonly transitions: readonly AlertTransition[]
}

/** A rule that is evaluated again and again, with what its last evaluation left. */
export class RuleRow {
  /** The same for the same rule after a restart or a reload. */
  readonly key: string
  readonly rule: AlertingRule | RecordingRule
  readonly alerting: AlertingRuleState | undefined
  /** The metrics that its expression reads; undefined when they cannot be told. */
  readonly reads: readonly string[] | undefined
  lastEvaluationMs = Number.NEGATIVE_INFINITY
  #series: ReadonlyMap<string, RuleSample> = new Map()
  #health: RuleStatus['health'] = 'unknown'
  #lastError = ''
  #evaluationSeconds = 0
  #usualMs = 0
  /** Whether data has come for it that it was not evaluated for. */
  waiting = false

  constructor(
    key: string,
    rule: AlertingRule | RecordingRule,
    reads: readonly string[] | undefined,
  ) {
    this.key = key
    this.rule = rule
    this.reads = reads
    this.alerting = rule.kind === 'alerting' ? new AlertingRuleState(rule) : undefined
  }

  /** The series that the last evaluation wrote. */
  series(): Iterable<RuleSample> {
    return this.#series.values()
  }

  /** Takes the place of a row: its series, its alerts and its health. */
  adopt(old: RuleRow): void {
    this.#series = old.#series
    this.#health = old.#health
    this.#lastError = old.#lastError
    this.#evaluationSeconds = old.#evaluationSeconds
    this.lastEvaluationMs = old.lastEvaluationMs
    if (old.alerting !== undefined) this.alerting?.restore(old.alerting.state())
  }

  /** Takes up the alerts of an earlier process, and their series, so that it can end them. */
  restore(state: AlertingState): void {
    this.alerting?.restore(state)
    this.#series = byKey(this.alerting?.samples() ?? [])
  }

  /** Evaluates the rule and writes its series. A failure stays with the rule: it never throws. */
  evaluate(context: RuleContext, record: RecordFunc, stopwatch: () => number): RowEvaluation {
    const started = stopwatch()
    this.lastEvaluationMs = context.nowMs
    let names: ReadonlySet<string> = new Set()
    let transitions: readonly AlertTransition[] = []
    try {
      const answer = this.#ask(context)
      // Told even when the series cannot be written: the alerts have moved on.
      transitions = answer.transitions
      names = this.#write(answer.samples, context.queryMs, record)
      this.#health = answer.error === undefined ? 'ok' : 'err'
      this.#lastError = answer.error ?? ''
    } catch (error) {
      this.#health = 'err'
      this.#lastError = (error as Error).message
    }
    const lastMs = this.#evaluationSeconds * 1000
    const tookMs = stopwatch() - started
    this.#usualMs = Math.min(lastMs, tookMs)
    this.#evaluationSeconds = tookMs / 1000
    this.waiting = false
    return { names, transitions }
  }

  readsAny(names: ReadonlySet<string>): boolean {
    return this.reads === undefined || this.reads.some((name) => names.has(name))
  }

  /** The lesser of the last two durations: one pause of the collector makes no rule expensive. */
  get usualMs(): number {
    return this.#usualMs
  }

  get lastMs(): number {
    return this.#evaluationSeconds * 1000
  }

  /** Whether evaluating it now keeps it within this part of the time. */
  isWithin(share: number, nowMs: number): boolean {
    return nowMs - this.lastEvaluationMs >= this.#usualMs / share
  }

  status(nowMs: number): RuleStatus {
    const { rule } = this
    const common: RuleStatusCommon = {
      name: rule.name,
      query: rule.expression,
      labels: rule.labels,
      health: this.#health,
      ...(this.#lastError === '' ? {} : { lastError: this.#lastError }),
      lastEvaluationMs: Math.max(this.lastEvaluationMs, 0),
      evaluationSeconds: this.#evaluationSeconds,
    }
    if (rule.kind === 'recording') return { ...common, type: 'recording' }
    const alerts = this.alerting?.alerts(nowMs) ?? []
    return {
      ...common,
      type: 'alerting',
      state:
        (['firing', 'pending'] as const).find((state) =>
          alerts.some((alert) => alert.state === state),
        ) ?? 'inactive',
      forSeconds: rule.forMs / 1000,
      keepFiringForSeconds: rule.keepFiringForMs / 1000,
      annotations: rule.annotations,
      alerts,
    }
  }

  #ask(context: RuleContext) {
    if (this.alerting !== undefined) return this.alerting.evaluate(context)
    const samples = evaluateRecordingRule(this.rule as RecordingRule, context)
    return { samples, transitions: [], error: undefined }
  }

  /** Records samples and ends the series of the last evaluation that are no longer among them. */
  #write(samples: readonly RuleSample[], timeMs: number, record: RecordFunc): ReadonlySet<string> {
    const series = byKey(samples)
    const names = new Set<string>()
    for (const { name, labels, value } of samples) {
      record(name, labels, timeMs, value)
      names.add(name)
    }
    for (const [key, { name, labels }] of this.#series) {
      if (series.has(key)) continue
      record(name, labels, timeMs, 'stale')
      names.add(name)
    }
    this.#series = series
    return names
  }
}

function byKey(samples: readonly RuleSample[]): ReadonlyMap<string, RuleSample> {
  return new Map(samples.map((sample) => [sample.key, sample]))
}
