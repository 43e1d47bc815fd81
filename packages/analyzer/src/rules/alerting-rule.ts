import { formatHistogram } from '@chokepoint/promql'
import type { Alert, AlertTransition } from '../model/alert.ts'
import type { Labels } from '../model/labels.ts'
import type { QuerySample } from '../model/query.ts'
import { severityOf } from './alert-severity.ts'
import { FlapMemory } from './flap-memory.ts'
import { holdExpression, takeComparison } from './hold-expression.ts'
import { fingerprint, labelKey, withoutName } from './label-key.ts'
import { type LearnedLevel, LearnedLevels } from './learned-levels.ts'
import type { RuleContext, RuleSample } from './rule-context.ts'
import type { AlertingRule } from './rule-file.ts'
import { SevererAlerts } from './severer-alerts.ts'
import { compileTemplate, type Template } from './template.ts'
import type { TemplateData } from './template-data.ts'

/** Alerts that are judged in one step, with the templates of their words: half a millisecond. */
const ALERTS_A_STEP = 50

/** An alert that is pending or firing, as it is kept over restarts. Times are Unix milliseconds. */
export interface ActiveAlert {
  readonly labels: Labels
  readonly annotations: Labels
  readonly state: 'pending' | 'firing'
  readonly value: number
  readonly activeMs: number
  readonly firedMs?: number
  readonly keepFiringSinceMs?: number
}

/** What an alerting rule keeps over restarts. */
export interface AlertingState {
  readonly active: readonly ActiveAlert[]
  readonly learned?: readonly LearnedLevel[]
}

/** What one evaluation of an alerting rule gave. */
export interface AlertEvaluation {
  readonly samples: readonly RuleSample[]
  readonly transitions: readonly AlertTransition[]
  /** Why the rule's alerts were all ended: it gave more than its limit. */
  readonly error?: string
}

/** What the alerts of a rule become at one instant. */
export interface AlertJudgement {
  readonly next: Map<string, ActiveAlert>
  readonly transitions: readonly AlertTransition[]
  readonly error: string | undefined
}

/** What the expressions of an alerting rule answer at one instant. */
export interface AlertAnswers {
  readonly found: readonly QuerySample[]
  /** The compared values, of a rule that learns. */
  readonly compared: readonly QuerySample[]
  /** What firing alerts may still hold on to. */
  readonly holding: readonly QuerySample[]
  /** Severer alerts of the same name that fire. */
  readonly severer: readonly QuerySample[]
}

/** An alert that the answers of a query ask for; its annotations are expanded only when it is kept. */
interface Candidate {
  readonly labels: Labels
  readonly value: number
  readonly annotations: () => Labels
  /** Whether a severer alert of the same figure fires. */
  readonly isOutranked: boolean
}

// Prometheus' `for-outage-tolerance`: after a longer break nobody knows whether a condition held on.
const OUTAGE_MS_MAX = 3_600_000

/** One alerting rule and its alerts: Prometheus' state machine, with a level of its own to resolve. */
export class AlertingRuleState {
  readonly rule: AlertingRule
  readonly #labels: readonly (readonly [name: string, template: Template])[]
  readonly #annotations: readonly (readonly [name: string, template: Template])[]
  /** What must still hold for a firing alert to go on. */
  readonly #holdExpression: string | undefined
  /** The compared values themselves, for rules that learn. */
  readonly #learnExpression: string | undefined
  readonly #learned: LearnedLevels | undefined
  /** The severer alerts that those of this rule yield to. */
  readonly #severer: SevererAlerts | undefined
  readonly #flaps = new FlapMemory()
  /** A hash for each alert at each evaluation would cost more than the expression. */
  readonly #ids = new WeakMap<Labels, string>()
  #active = new Map<string, ActiveAlert>()

  constructor(rule: AlertingRule) {
    this.rule = rule
    this.#labels = compileAll(rule.labels)
    this.#annotations = compileAll(rule.annotations)
    if (rule.resolveThreshold !== undefined) {
      this.#holdExpression = holdExpression(rule.expression, rule.resolveThreshold)
    }
    if (rule.yieldsTo !== undefined) this.#severer = new SevererAlerts(rule.name, rule.yieldsTo)
    if (rule.learnForMs !== undefined) {
      const comparison = takeComparison(rule.expression)
      this.#learnExpression = comparison.left
      this.#learned = new LearnedLevels(rule.learnForMs, comparison)
    }
  }

  get activeCount(): number {
    return this.#active.size
  }

  alerts(nowMs: number): readonly Alert[] {
    return [...this.#active.values()].map((active) => this.#alert(active, active.state, nowMs))
  }

  state(): AlertingState {
    const active = [...this.#active.values()]
    return this.#learned === undefined ? { active } : { active, learned: this.#learned.state() }
  }

  /** Takes over what an earlier process kept, or the rule that this one replaces. */
  restore({ active, learned }: AlertingState): void {
    this.#active = new Map(active.map((alert) => [labelKey(alert.labels), alert]))
    this.#learned?.restore(learned ?? [])
  }

  /** Tells pending alerts that nobody watched for a while: that time does not count for `for`. */
  postpone(outageMs: number): void {
    for (const [key, alert] of this.#active) {
      if (alert.state !== 'pending') continue
      if (outageMs > OUTAGE_MS_MAX) this.#active.delete(key)
      else this.#active.set(key, { ...alert, activeMs: alert.activeMs + outageMs })
    }
  }

  /** The `ALERTS` and `ALERTS_FOR_STATE` series of the alerts as they are. */
  samples(): readonly RuleSample[] {
    const samples: RuleSample[] = []
    for (const [key, { labels, state, activeMs }] of this.#active) {
      samples.push(
        { name: 'ALERTS', labels: { ...labels, alertstate: state }, value: 1, key: state + key },
        { name: 'ALERTS_FOR_STATE', labels, value: Math.floor(activeMs / 1000), key },
      )
    }
    return samples
  }

  /** Ends all alerts, because the rule is gone. */
  endAll(nowMs: number): readonly AlertTransition[] {
    const at = new Date(nowMs).toISOString()
    return this.state().active.map((active) => {
      const to = active.state === 'firing' ? 'resolved' : 'inactive'
      return { alert: this.#alert(active, to, nowMs), from: active.state, to, at }
    })
  }

  /** Asks the rule's expressions; no alert is moved. */
  *ask({ ask, queryMs }: RuleContext): Generator<void, AlertAnswers> {
    const compared =
      this.#learnExpression === undefined ? [] : yield* ask(this.#learnExpression, queryMs)
    const found = yield* ask(this.rule.expression, queryMs)
    const holding =
      this.#holdExpression === undefined || this.#active.size === 0
        ? []
        : yield* ask(this.#holdExpression, queryMs)
    const severer = this.#severer === undefined ? [] : yield* ask(this.#severer.expression, queryMs)
    return { found, compared, holding, severer }
  }

  /**
   * What each alert becomes by what the expressions answered, in steps; nothing is moved before `take`. Throws when two
   * alerts are one.
   */
  *judge(answers: AlertAnswers, context: RuleContext): Generator<void, AlertJudgement> {
    const { nowMs, limit } = context
    const next = new Map<string, ActiveAlert>()
    const transitions: AlertTransition[] = []
    const step = (
      active: ActiveAlert,
      from: AlertTransition['from'],
      to: AlertTransition['to'],
    ) => {
      if (to === 'firing' || to === 'resolved') this.#flaps.note(this.#idOf(active), nowMs)
      const at = new Date(nowMs).toISOString()
      transitions.push({ alert: this.#alert(active, to, nowMs), from, to, at })
    }
    let judged = 0
    for (const [key, candidate] of yield* this.#find(answers, context)) {
      if (++judged % ALERTS_A_STEP === 0) yield
      const old = this.#active.get(key)
      const alert = raised(this.rule, candidate, old, nowMs)
      next.set(key, alert)
      const from = old?.state ?? 'inactive'
      // One that fired and is outranked now is over for whoever was told of it.
      if (from !== alert.state) step(alert, from, from === 'firing' ? 'resolved' : alert.state)
    }
    // As in Prometheus, a rule over its limit has no alerts at all: half of them would mislead.
    const over = limit > 0 && next.size > limit ? next.size : 0
    if (over > 0) {
      next.clear()
      transitions.length = 0
    }
    for (const [key, old] of this.#active) {
      if (++judged % ALERTS_A_STEP === 0) yield
      if (next.has(key)) continue
      const kept = over > 0 ? undefined : keptFiring(this.rule, old, nowMs)
      if (kept !== undefined) next.set(key, kept)
      else step(old, old.state, old.state === 'firing' ? 'resolved' : 'inactive')
    }
    const error = over === 0 ? undefined : `exceeded limit of ${limit} with ${over} alerts`
    return { next, transitions, error }
  }

  /** Moves the alerts to what was judged. */
  take({ next, transitions, error }: AlertJudgement): AlertEvaluation {
    this.#active = next
    return { samples: this.samples(), transitions, ...(error === undefined ? {} : { error }) }
  }

  /** The alerts that the answers of the expression ask for, by label key. */
  *#find(
    answers: AlertAnswers,
    context: RuleContext,
  ): Generator<void, ReadonlyMap<string, Candidate>> {
    const { nowMs } = context
    const found = new Map<string, Candidate>()
    this.#severer?.learn(answers.severer)
    this.#learned?.learn(answers.compared, nowMs)
    let looked = 0
    for (const sample of answers.found) {
      if (++looked % ALERTS_A_STEP === 0) yield
      const candidate = this.#candidate(sample, context)
      const key = labelKey(candidate.labels)
      if (this.#learned?.isBeyond(sample, nowMs) === false && !this.#active.has(key)) continue
      if (found.has(key)) {
        throw new RangeError(
          'vector contains metrics with the same labelset after applying alert labels',
        )
      }
      found.set(key, candidate)
    }
    for (const sample of answers.holding) {
      if (++looked % ALERTS_A_STEP === 0) yield
      const candidate = this.#candidate(sample, context)
      const key = labelKey(candidate.labels)
      if (!found.has(key) && this.#active.get(key)?.state === 'firing') found.set(key, candidate)
    }
    return found
  }

  #candidate(sample: QuerySample, context: RuleContext): Candidate {
    const data: TemplateData = {
      labels: sample.labels,
      value: sample.histogram === undefined ? sample.value : formatHistogram(sample.histogram),
      externalLabels: context.externalLabels,
      externalUrl: context.externalUrl,
      nowMs: context.nowMs,
      query: (expression) => context.query(expression, context.queryMs),
    }
    const labels = withoutName(sample.labels)
    for (const [name, template] of this.#labels) {
      const text = expanded(template, data)
      // An empty label is no label: Prometheus drops it.
      if (text === '') delete labels[name]
      else labels[name] = text
    }
    labels.alertname = this.rule.name
    return {
      labels,
      value: sample.value,
      isOutranked: this.#severer?.outrank(labels) ?? false,
      annotations: () =>
        Object.fromEntries(
          this.#annotations.map(([name, template]) => [name, expanded(template, data)]),
        ),
    }
  }

  #alert(active: ActiveAlert, to: AlertTransition['to'], nowMs: number): Alert {
    const iso = (timeMs: number) => new Date(timeMs).toISOString()
    const id = this.#idOf(active)
    return {
      id,
      name: this.rule.name,
      severity: severityOf(active.labels.severity),
      state: to === 'inactive' ? 'resolved' : to,
      labels: active.labels,
      annotations: active.annotations,
      query: this.rule.expression,
      value: active.value,
      activeSince: iso(active.activeMs),
      ...(active.firedMs === undefined ? {} : { firedAt: iso(active.firedMs) }),
      ...(to === 'resolved' ? { resolvedAt: iso(nowMs) } : {}),
      ...(this.#flaps.isFlapping(id, nowMs) ? { flapping: true } : {}),
    }
  }

  #idOf({ labels }: ActiveAlert): string {
    const known = this.#ids.get(labels)
    if (known !== undefined) return known
    const id = fingerprint(labelKey(labels))
    this.#ids.set(labels, id)
    return id
  }
}

function compileAll(templates: Labels): readonly (readonly [string, Template])[] {
  return Object.entries(templates).map(([name, text]) => [name, compileTemplate(text)])
}

function expanded(template: Template, data: TemplateData): string {
  try {
    return template(data)
  } catch (error) {
    // Prometheus' own words: an alert with a broken annotation is still an alert.
    return `<error expanding template: ${(error as Error).message}>`
  }
}

/** The alert of a label set that is in the answer: pending until `for` has passed, then firing. */
function raised(
  rule: AlertingRule,
  candidate: Candidate,
  old: ActiveAlert | undefined,
  nowMs: number,
): ActiveAlert {
  const activeMs = old?.activeMs ?? nowMs
  const due = old?.state === 'firing' || nowMs - activeMs >= rule.forMs
  const alert = {
    // The same labels as one object, by which the alert's id is known.
    labels: old?.labels ?? candidate.labels,
    annotations: candidate.annotations(),
    value: candidate.value,
    activeMs,
  }
  return due && !candidate.isOutranked
    ? { ...alert, state: 'firing', firedMs: old?.firedMs ?? nowMs }
    : { ...alert, state: 'pending' }
}

/** The alert of a label set that left the answer, while `keep_firing_for` still holds it. */
function keptFiring(rule: AlertingRule, old: ActiveAlert, nowMs: number): ActiveAlert | undefined {
  if (old.state !== 'firing' || rule.keepFiringForMs === 0) return undefined
  const keepFiringSinceMs = old.keepFiringSinceMs ?? nowMs
  return nowMs - keepFiringSinceMs < rule.keepFiringForMs
    ? { ...old, keepFiringSinceMs }
    : undefined
}
