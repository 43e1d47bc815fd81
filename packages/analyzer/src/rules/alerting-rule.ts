import type { Alert, AlertTransition } from '../model/alert.ts'
import type { Labels } from '../model/labels.ts'
import type { QuerySample } from '../model/query.ts'
import { severityOf } from './alert-severity.ts'
import { holdExpression } from './hold-expression.ts'
import { fingerprint, labelKey, withoutName } from './label-key.ts'
import type { RuleContext, RuleSample } from './rule-context.ts'
import type { AlertingRule } from './rule-file.ts'
import { compileTemplate, type Template } from './template.ts'
import type { TemplateData } from './template-data.ts'

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

/** What one evaluation of an alerting rule gave. */
export interface AlertEvaluation {
  readonly samples: readonly RuleSample[]
  readonly transitions: readonly AlertTransition[]
}

/** One alerting rule and its alerts: Prometheus' state machine, with a level of its own to resolve. */
export class AlertingRuleState {
  readonly rule: AlertingRule
  readonly #labels: readonly (readonly [name: string, template: Template])[]
  readonly #annotations: readonly (readonly [name: string, template: Template])[]
  readonly #holdExpression: string | undefined
  #active = new Map<string, ActiveAlert>()

  constructor(rule: AlertingRule) {
    this.rule = rule
    this.#labels = compileAll(rule.labels)
    this.#annotations = compileAll(rule.annotations)
    this.#holdExpression =
      rule.resolveThreshold === undefined
        ? undefined
        : holdExpression(rule.expression, rule.resolveThreshold)
  }

  active(): readonly ActiveAlert[] {
    return [...this.#active.values()]
  }

  /** Takes over alerts, of an earlier process or of the rule that this one replaces. */
  adopt(alerts: Iterable<ActiveAlert>): void {
    this.#active = new Map([...alerts].map((alert) => [labelKey(alert.labels), alert]))
  }

  toAlert(active: ActiveAlert): Alert {
    return alertOf(this.rule, active, active.state)
  }

  /** Asks the rule's expression and moves each alert on. Throws, with no alert moved, when that fails. */
  evaluate(context: RuleContext): AlertEvaluation {
    const found = this.#find(context)
    const next = new Map<string, ActiveAlert>()
    const transitions: AlertTransition[] = []
    const at = new Date(context.nowMs).toISOString()
    const step = (active: ActiveAlert, from: AlertTransition['from'], to: AlertTransition['to']) =>
      transitions.push({ alert: alertOf(this.rule, active, to, at), from, to, at })
    for (const [key, candidate] of found) {
      const old = this.#active.get(key)
      const alert = raised(this.rule, candidate, old, context.nowMs)
      next.set(key, alert)
      const from = old?.state ?? 'inactive'
      if (from !== alert.state) step(alert, from, alert.state)
    }
    for (const [key, old] of this.#active) {
      if (next.has(key)) continue
      const kept = keptFiring(this.rule, old, context.nowMs)
      if (kept !== undefined) next.set(key, kept)
      else step(old, old.state, old.state === 'firing' ? 'resolved' : 'inactive')
    }
    if (context.limit > 0 && next.size > context.limit) {
      // As in Prometheus: a rule over its limit gives no alerts at all, because half of them would mislead.
      this.#active = new Map()
      throw new RangeError(`exceeded limit of ${context.limit} with ${next.size} alerts`)
    }
    this.#active = next
    return { samples: alertSamples(this.rule, next.values()), transitions }
  }

  /** The alerts that the answers of the expression name, by label key. */
  #find(context: RuleContext): ReadonlyMap<string, Candidate> {
    const found = new Map<string, Candidate>()
    for (const sample of context.query(this.rule.expression, context.queryMs)) {
      const candidate = this.#candidate(sample, context)
      const key = labelKey(candidate.labels)
      if (found.has(key)) {
        throw new RangeError(
          'vector contains metrics with the same labelset after applying alert labels',
        )
      }
      found.set(key, candidate)
    }
    if (this.#holdExpression === undefined || this.#active.size === 0) return found
    for (const sample of context.query(this.#holdExpression, context.queryMs)) {
      const candidate = this.#candidate(sample, context)
      const key = labelKey(candidate.labels)
      if (!found.has(key) && this.#active.get(key)?.state === 'firing') found.set(key, candidate)
    }
    return found
  }

  #candidate(sample: QuerySample, context: RuleContext): Candidate {
    const data: TemplateData = {
      labels: sample.labels,
      value: sample.value,
      externalLabels: context.externalLabels,
      externalUrl: context.externalUrl,
      nowMs: context.nowMs,
      query: (expression) => context.query(expression, context.queryMs),
    }
    const labels = withoutName(sample.labels)
    for (const [name, template] of this.#labels) {
      const text = expanded(template, data)
      if (text === '') delete labels[name]
      else labels[name] = text
    }
    labels.alertname = this.rule.name
    return {
      labels,
      value: sample.value,
      annotations: () =>
        Object.fromEntries(
          this.#annotations.map(([name, template]) => [name, expanded(template, data)]),
        ),
    }
  }
}

interface Candidate {
  readonly labels: Labels
  readonly value: number
  readonly annotations: () => Labels
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
  const firing = old?.state === 'firing' || nowMs - activeMs >= rule.forMs
  const alert = {
    labels: candidate.labels,
    annotations: candidate.annotations(),
    value: candidate.value,
    activeMs,
  }
  return firing
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

function alertSamples(rule: AlertingRule, active: Iterable<ActiveAlert>): readonly RuleSample[] {
  const samples: RuleSample[] = []
  for (const { labels, state, activeMs } of active) {
    const named = { ...labels, alertname: rule.name }
    samples.push(
      { name: 'ALERTS', labels: { ...named, alertstate: state }, value: 1 },
      { name: 'ALERTS_FOR_STATE', labels: named, value: Math.floor(activeMs / 1000) },
    )
  }
  return samples
}

function alertOf(
  rule: AlertingRule,
  active: ActiveAlert,
  to: AlertTransition['to'],
  at?: string,
): Alert {
  const iso = (timeMs: number) => new Date(timeMs).toISOString()
  return {
    id: fingerprint(labelKey(active.labels)),
    name: rule.name,
    severity: severityOf(active.labels.severity),
    state: to === 'inactive' ? 'resolved' : to,
    labels: active.labels,
    annotations: active.annotations,
    query: rule.expression,
    value: active.value,
    activeSince: iso(active.activeMs),
    ...(active.firedMs === undefined ? {} : { firedAt: iso(active.firedMs) }),
    ...(to === 'resolved' && at !== undefined ? { resolvedAt: at } : {}),
  }
}
