import type { BottleneckCandidate } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'
import { Figures } from './answers.ts'
import type { DetectContext, Suspicion, Threshold } from './detector.ts'
import { measure } from './evidence.ts'
import { impactOf } from './impact.ts'
import { durationText, select } from './promql-text.ts'
import { resourceOf, serviceName } from './resource.ts'
import { readTraffic } from './traffic.ts'
import { count, percent } from './wording.ts'

/** From when on more requests come than a service can take. */
export const TRAFFIC_OVERLOAD = {
  ratio: {
    value: 1.5,
    unit: '1',
    reason: 'of requests now to what was usual before: a clear rise, not the time of day',
  },
  utilization: {
    value: 0.9,
    unit: '1',
    reason: 'the main threads of all instances are busy: more requests alone are only success',
  },
  baselineRequests: {
    value: 100,
    unit: '{request}',
    reason: 'what was usual must be known before something is unusual',
  },
} as const satisfies Record<string, Threshold>

const REQUESTS = 'http_server_request_duration_seconds_count'
const UTILIZATION = 'nodejs_eventloop_utilization_ratio'
const BASELINE_WINDOWS = 6

/** Clearly more requests than usual, and all instances busy with them. */
export function detectOverload(context: DetectContext): readonly Suspicion[] {
  const { windowMs } = context
  const before = `[${durationText(BASELINE_WINDOWS * windowMs)}] offset ${durationText(2 * windowMs)}`
  const usual = new Figures(context, `sum by (job) (rate(${REQUESTS}${before}))`, ['job'])
  const known = new Figures(context, `sum by (job) (increase(${REQUESTS}${before}))`, ['job'])
  const busy = new Figures(
    context,
    `min by (job) (avg_over_time(${UTILIZATION}[${durationText(windowMs)}]))`,
    ['job'],
  )
  return [...readTraffic(context).rows()].flatMap(([labels, { requestsPerSecond }]) => {
    const baseline = usual.of(labels)
    const utilization = busy.of(labels) ?? 0
    const overloaded =
      baseline !== undefined &&
      (known.of(labels) ?? 0) >= TRAFFIC_OVERLOAD.baselineRequests.value &&
      requestsPerSecond >= TRAFFIC_OVERLOAD.ratio.value * baseline &&
      utilization >= TRAFFIC_OVERLOAD.utilization.value
    return overloaded
      ? [(own) => [describe(own, labels, requestsPerSecond, baseline, utilization)]]
      : []
  })
}

function describe(
  context: DetectContext,
  labels: Labels,
  now: number,
  baseline: number,
  utilization: number,
): BottleneckCandidate {
  const { job = '' } = labels
  const window = durationText(context.windowMs)
  return {
    type: 'traffic.overload',
    severity: 'critical',
    resource: resourceOf(labels),
    component: 'incoming requests',
    operation: 'rate',
    summary:
      `${serviceName(labels)} gets ${count(now)} requests a second, ${count(now / baseline)} times the usual ${count(baseline)}, ` +
      `and every instance is busy ${percent(utilization)} of the time`,
    impact: impactOf({
      severity: 'critical',
      share: { value: 1 - baseline / now, of: 'the requests over the usual' },
      reach: { value: 1, of: 'the requests' },
    }),
    confidence: 0.85,
    evidence: measure(context, [
      {
        what: 'event loop utilization of the least busy instance',
        query: `min(avg_over_time(${select(UTILIZATION, { job })}[${window}]))`,
        unit: '1',
        threshold: TRAFFIC_OVERLOAD.utilization.value,
      },
      {
        what: 'requests a second',
        query: `sum(rate(${select(REQUESTS, { job })}[${window}]))`,
        unit: '{request}/s',
        threshold: TRAFFIC_OVERLOAD.ratio.value * baseline,
        baseline,
      },
    ]),
  }
}
