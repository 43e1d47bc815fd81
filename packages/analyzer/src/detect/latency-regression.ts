import type { BottleneckCandidate } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'
import { Figures } from './answers.ts'
import type { DetectContext, Suspicion, Threshold } from './detector.ts'
import { measure } from './evidence.ts'
import { impactOf } from './impact.ts'
import { durationText, select } from './promql-text.ts'
import { resourceOf, serviceName } from './resource.ts'
import { readTraffic } from './traffic.ts'
import { count, seconds } from './wording.ts'

/** From when on a route is slower than it was. */
export const LATENCY_REGRESSION = {
  ratio: {
    value: 2,
    unit: '1',
    reason: 'p95 of a healthy route wanders by a third from hour to hour, not to its double',
  },
  meanRatio: {
    value: 1.5,
    unit: '1',
    reason: 'the mean must have moved too: a few odd requests alone move only p95',
  },
  criticalRatio: { value: 5, unit: '1', reason: 'users take it for an outage' },
  rise: { value: 0.05, unit: 's', reason: 'nobody notices less, whatever the ratio' },
  requests: { value: 30, unit: '{request}', reason: 'fewer give no p95' },
  baselineRequests: {
    value: 100,
    unit: '{request}',
    reason: 'what was usual must be known before something is unusual',
  },
} as const satisfies Record<string, Threshold>

const METRIC = 'http_server_request_duration_seconds'
const BY = ['job', 'http_request_method', 'http_route']
/** What was usual: this many windows, the nearest of them left out so that the rise is not in it. */
const BASELINE_WINDOWS = 6

/** A route that has become clearly slower than it was before. */
export function detectLatencyRegression(context: DetectContext): readonly Suspicion[] {
  const { windowMs } = context
  const window = `[${durationText(windowMs)}]`
  const before = `[${durationText(BASELINE_WINDOWS * windowMs)}] offset ${durationText(2 * windowMs)}`
  const by = BY.join(', ')
  const figures = (range: string) => ({
    p95: new Figures(
      context,
      `histogram_quantile(0.95, sum by (le, ${by}) (rate(${METRIC}_bucket${range})))`,
      BY,
    ),
    mean: new Figures(
      context,
      `sum by (${by}) (rate(${METRIC}_sum${range})) / sum by (${by}) (rate(${METRIC}_count${range}))`,
      BY,
    ),
    requests: new Figures(context, `sum by (${by}) (increase(${METRIC}_count${range}))`, BY),
  })
  const now = figures(window)
  const usual = figures(before)
  return [...now.p95.rows()].flatMap(({ labels, value: p95 }) => {
    const baseline = usual.p95.of(labels)
    const mean = now.mean.of(labels) ?? 0
    const baselineMean = usual.mean.of(labels) ?? Infinity
    const { ratio, meanRatio, rise, requests, baselineRequests } = LATENCY_REGRESSION
    const known =
      (now.requests.of(labels) ?? 0) >= requests.value &&
      (usual.requests.of(labels) ?? 0) >= baselineRequests.value
    if (!known || baseline === undefined) return []
    if (p95 < ratio.value * baseline || p95 - baseline < rise.value) return []
    if (mean < meanRatio.value * baselineMean) return []
    return [(own) => [describe(own, { labels, p95, baseline, mean, baselineMean })]]
  })
}

interface SlowerRoute {
  readonly labels: Labels
  readonly p95: number
  readonly baseline: number
  readonly mean: number
  readonly baselineMean: number
}

function describe(context: DetectContext, found: SlowerRoute): BottleneckCandidate {
  const { labels, p95, baseline, mean, baselineMean } = found
  const route = `${labels.http_request_method ?? ''} ${labels.http_route ?? ''}`.trim()
  const name = route || 'unknown routes'
  const ratio = p95 / baseline
  const severity =
    ratio >= LATENCY_REGRESSION.criticalRatio.value ? 'critical' : ('warning' as const)
  const all = readTraffic(context).of(labels)?.requestsPerSecond ?? 0
  const own = readTraffic(context, BY).of(labels)?.requestsPerSecond ?? 0
  const reach = all > 0 ? own / all : 1
  return {
    type: 'latency.regression',
    severity,
    resource: resourceOf(labels),
    component: name,
    operation: 'duration',
    summary:
      `${name} of ${serviceName(labels)} takes ${seconds(p95)} at p95, ${count(ratio)} times the ${seconds(baseline)} ` +
      `that was usual before (mean ${seconds(mean)} instead of ${seconds(baselineMean)})`,
    impact: impactOf({
      severity,
      share: { value: 1 - baselineMean / mean, of: `the time of ${name}` },
      reach: { value: reach, of: 'the requests' },
      savingMs: 1000 * (mean - baselineMean) * reach,
    }),
    confidence: 0.8,
    evidence: measure(context, claims(context, found)),
  }
}

function claims({ windowMs }: DetectContext, { labels, baseline, baselineMean }: SlowerRoute) {
  const tests = Object.fromEntries(BY.map((name) => [name, labels[name] ?? '']))
  const window = durationText(windowMs)
  const rate = (suffix: string) => `rate(${select(`${METRIC}${suffix}`, tests)}[${window}])`
  return [
    {
      what: 'p95 of the duration',
      query: `histogram_quantile(0.95, sum by (le) (${rate('_bucket')}))`,
      unit: 's',
      threshold: Math.max(
        LATENCY_REGRESSION.ratio.value * baseline,
        baseline + LATENCY_REGRESSION.rise.value,
      ),
      baseline,
    },
    {
      what: 'mean duration',
      query: `sum(${rate('_sum')}) / sum(${rate('_count')})`,
      unit: 's',
      threshold: LATENCY_REGRESSION.meanRatio.value * baselineMean,
      baseline: baselineMean,
    },
    { what: 'requests a second', query: `sum(${rate('_count')})`, unit: '{request}/s' },
  ]
}
