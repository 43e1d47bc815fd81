import { compileMatchers, LabelSet } from '@chokepoint/promql'
import type { Alert } from '../../model/alert.ts'
import { ChokepointError } from '../../model/errors.ts'
import type { RuleGroupStatus, RuleStatus } from '../../model/rule-status.ts'
import type { ApiAnswer } from '../envelope.ts'
import type { Parameters } from '../parameters.ts'
import type { PrometheusPort } from '../ports.ts'
import { formatAlertValue } from './format-number.ts'
import { invalidParameter, quote } from './parse-parameters.ts'

/** `/api/v1/alerts`: Prometheus' fields, and ours beside them. */
export function listAlerts(alerts: readonly Alert[]): ApiAnswer {
  const active = alerts.filter(({ state }) => state !== 'resolved')
  return { data: { alerts: active.map(encodeAlert) } }
}

/** `/api/v1/rules` */
export function listRules(port: PrometheusPort, parameters: Parameters): ApiAnswer {
  const keeps = ruleFilter(port, parameters)
  const withAlerts = !isTrue(parameters.get('exclude_alerts'), 'exclude_alerts')
  const files = parameters.all('file[]')
  const names = parameters.all('rule_group[]')
  const groups = port
    .ruleGroups()
    .filter((group) => files.length === 0 || files.includes(group.file))
    .filter((group) => names.length === 0 || names.includes(group.name))
    .map((group) => ({ group, rules: group.rules.filter(keeps) }))
    .filter(({ rules }) => rules.length > 0)
  const { page, next } = pageOf(groups, parameters)
  return {
    data: {
      groups: page.map(({ group, rules }) => encodeGroup(group, rules, withAlerts)),
      ...(next === undefined ? {} : { groupNextToken: next }),
    },
  }
}

function ruleFilter(port: PrometheusPort, parameters: Parameters): (rule: RuleStatus) => boolean {
  const type = parameters.get('type').toLowerCase()
  if (type !== '' && type !== 'alert' && type !== 'record') {
    throw invalidParameter('type', `not supported value ${quote(type)}`)
  }
  const names = parameters.all('rule_name[]')
  // The labels as the rule file has them, before templates.
  const selectors = parameters
    .all('match[]')
    .map((text) => compileMatchers(port.parseSelector(text)))
  const isSelected = ({ labels }: RuleStatus) =>
    selectors.length === 0 || selectors.some((matches) => matches(LabelSet.of(labels)))
  return (rule) =>
    isSelected(rule) &&
    (type === '' || (type === 'alert') === (rule.type === 'alerting')) &&
    (names.length === 0 || names.includes(rule.name))
}

type Filtered = { readonly group: RuleGroupStatus; readonly rules: readonly RuleStatus[] }

/** `group_limit` groups after the one that `group_next_token` names, and the next page's token. */
function pageOf(groups: readonly Filtered[], parameters: Parameters) {
  const limit = groupLimit(parameters)
  const token = parameters.get('group_next_token')
  if (token !== '' && limit === 0) {
    const reason = 'group_limit needs to be present in order to paginate over the groups'
    throw invalidParameter('group_next_token', reason)
  }
  const keyOf = ({ group }: Filtered) =>
    Buffer.from(`${group.file};${group.name}`).toString('base64url')
  const from = token === '' ? 0 : groups.findIndex((group) => keyOf(group) === token)
  if (from === -1) {
    const reason = `invalid group_next_token '${token}'. were rule groups changed?`
    throw invalidParameter('group_next_token', reason)
  }
  if (limit === 0) return { page: groups, next: undefined }
  const rest = groups[from + limit]
  return { page: groups.slice(from, from + limit), next: rest && keyOf(rest) }
}

/** How many groups a page has; 0 for all of them. */
function groupLimit(parameters: Parameters): number {
  const text = parameters.get('group_limit')
  if (text === '') return 0
  if (!/^[+-]?\d+$/.test(text)) {
    const reason = `strconv.ParseInt: parsing ${quote(text)}: invalid syntax`
    throw invalidParameter('group_limit', `group_limit needs to be a valid number: ${reason}`)
  }
  if (Number(text) <= 0) {
    throw invalidParameter('group_limit', 'group_limit needs to be greater than 0')
  }
  return Number(text)
}

function encodeGroup(group: RuleGroupStatus, rules: readonly RuleStatus[], withAlerts: boolean) {
  return {
    name: group.name,
    file: group.file,
    rules: rules.map((rule) => encodeRule(rule, withAlerts)),
    interval: group.intervalSeconds,
    limit: group.limit,
    evaluationTime: group.evaluationSeconds,
    lastEvaluation: goTime(group.lastEvaluationMs),
  }
}

function encodeRule(rule: RuleStatus, withAlerts: boolean) {
  const { name, query, health, lastError, evaluationSeconds, lastEvaluationMs, type } = rule
  const tail = {
    health,
    ...(lastError === undefined ? {} : { lastError }),
    evaluationTime: evaluationSeconds,
    lastEvaluation: goTime(lastEvaluationMs),
    type,
  }
  const labels =
    Object.keys(rule.labels).length > 0 || type === 'alerting' ? { labels: rule.labels } : {}
  if (rule.type === 'recording') return { name, query, ...labels, ...tail }
  return {
    state: rule.state,
    name,
    query,
    duration: rule.forSeconds,
    keepFiringFor: rule.keepFiringForSeconds,
    ...labels,
    annotations: rule.annotations,
    alerts: withAlerts ? rule.alerts.map(encodeAlert) : [],
    ...tail,
  }
}

function encodeAlert(alert: Alert) {
  return {
    labels: { alertname: alert.name, ...alert.labels },
    annotations: alert.annotations,
    state: alert.state,
    activeAt: alert.activeSince,
    value: formatAlertValue(alert.value),
    id: alert.id,
    severity: alert.severity,
    query: alert.query,
    ...(alert.firedAt === undefined ? {} : { firedAt: alert.firedAt }),
  }
}

/** Go's zero time stands for "not yet". */
function goTime(ms: number): string {
  return ms === 0 ? '0001-01-01T00:00:00Z' : new Date(ms).toISOString()
}

function isTrue(text: string, name: string): boolean {
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true
  if (text === '' || /^(0|f|F|false|FALSE|False)$/.test(text)) return false
  throw new ChokepointError(
    'PARAMETER_INVALID',
    `invalid parameter "${name}": error converting ${name}: strconv.ParseBool: parsing ${quote(text)}: invalid syntax`,
  )
}
