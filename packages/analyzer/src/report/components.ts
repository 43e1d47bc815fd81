import type { Labels } from '../model/labels.ts'
import type { QueryFunc } from '../model/query.ts'
import type { ComponentMetrics } from '../model/snapshot.ts'
import { COMPONENT_KINDS, type ComponentKind } from './component-kinds.ts'
import { labelsKey, resourceOf } from './resource.ts'

/** More rows than a person or a page can take; the busiest are kept. */
const COMPONENTS_MAX = 2000

/** Why a call counts as failed: OpenTelemetry sets `error.type`; a 5xx is a failure by itself. */
const ERROR_LABELS = ['error_type', 'http_response_status_code']

/**
 * Rate, failures and durations of every component over the last `windowMs`, busiest first (by the time
 * they take in all), from histograms with buckets and from native ones. Components that were not called
 * in the window are absent.
 */
export function readComponents(
  query: QueryFunc,
  nowMs: number,
  windowMs: number,
): ComponentMetrics[] {
  const range = `${Math.max(1, Math.round(windowMs / 1000))}s`
  const all = COMPONENT_KINDS.flatMap((kind) => readKind(query, kind, nowMs, range))
  const load = (row: ComponentMetrics) => row.ratePerSecond * row.meanSeconds
  return all.sort((a, b) => load(b) - load(a)).slice(0, COMPONENTS_MAX)
}

interface Calls {
  readonly labels: Labels
  rate: number
  errorRate: number
}

function readKind(query: QueryFunc, kind: ComponentKind, nowMs: number, range: string) {
  const by = ['job', 'instance', ...kind.labels]
  const calls = readCalls(query, kind, by, nowMs, range)
  if (calls.size === 0) return []
  const ask = (expression: string) => figuresByKey(query, expression, by, nowMs)
  const { metric } = kind
  const rateOf = `sum by (${by}) (rate(${metric}[${range}]))`
  const seconds = ask(`sum by (${by}) (rate(${metric}_sum[${range}])) or histogram_sum(${rateOf})`)
  const quantile = (q: number) =>
    ask(
      `histogram_quantile(${q}, sum by (le, ${by}) (rate(${metric}_bucket[${range}]))) or histogram_quantile(${q}, ${rateOf})`,
    )
  const [p50, p95, p99] = [quantile(0.5), quantile(0.95), quantile(0.99)]
  return [...calls].map(([key, { labels, rate, errorRate }]): ComponentMetrics => {
    const mean = (seconds.get(key) ?? 0) / rate
    return {
      resource: resourceOf(labels),
      component: kind.component(labels),
      kind: kind.kind,
      operation: kind.operation(labels),
      ratePerSecond: rate,
      errorRate: errorRate / rate,
      meanSeconds: mean,
      // A histogram without buckets still has a mean; its quantiles are then that mean.
      p50Seconds: p50.get(key) ?? mean,
      p95Seconds: p95.get(key) ?? mean,
      p99Seconds: p99.get(key) ?? mean,
    }
  })
}

/** Calls and failed calls a second of each label set of `by` that was called at all. */
function readCalls(
  query: QueryFunc,
  kind: ComponentKind,
  by: readonly string[],
  nowMs: number,
  range: string,
): Map<string, Calls> {
  const grouping = [...by, ...ERROR_LABELS]
  const rateOf = (suffix: string) =>
    `sum by (${grouping}) (rate(${kind.metric}${suffix}[${range}]))`
  const answer = query(`${rateOf('_count')} or histogram_count(${rateOf('')})`, nowMs)
  const calls = new Map<string, Calls>()
  for (const { labels, value } of answer) {
    if (!(value > 0)) continue
    const kept = pick(labels, by)
    const key = labelsKey(kept)
    const entry = calls.get(key) ?? { labels: kept, rate: 0, errorRate: 0 }
    entry.rate += value
    if (isFailure(labels)) entry.errorRate += value
    calls.set(key, entry)
  }
  return calls
}

function isFailure(labels: Labels): boolean {
  return Boolean(labels.error_type) || /^5\d\d$/.test(labels.http_response_status_code ?? '')
}

function figuresByKey(
  query: QueryFunc,
  expression: string,
  by: readonly string[],
  nowMs: number,
): Map<string, number> {
  const figures = new Map<string, number>()
  for (const { labels, value } of query(expression, nowMs)) {
    if (Number.isFinite(value)) figures.set(labelsKey(pick(labels, by)), value)
  }
  return figures
}

function pick(labels: Labels, names: readonly string[]): Labels {
  const picked: Record<string, string> = {}
  for (const name of names) {
    const value = labels[name]
    if (value !== undefined && value !== '') picked[name] = value
  }
  return picked
}
