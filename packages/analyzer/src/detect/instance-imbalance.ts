import type { BottleneckCandidate } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'
import type { DetectContext, Suspicion, Threshold } from './detector.ts'
import { measure } from './evidence.ts'
import { impactOf } from './impact.ts'
import { durationText, select } from './promql-text.ts'
import { resourceOf, serviceName } from './resource.ts'
import { readTraffic } from './traffic.ts'
import { count } from './wording.ts'

/** From when on instances share the work badly. */
export const INSTANCE_IMBALANCE = {
  ratio: {
    value: 2.5,
    unit: '1',
    reason: 'of the busiest to the middle one; round robin and least-requests stay under 1.5',
  },
  instances: { value: 3, unit: '{instance}', reason: 'of two instances none is the usual one' },
  requestsPerSecond: {
    value: 5,
    unit: '{request}/s',
    reason: 'little load falls unevenly by chance, and hurts nobody',
  },
} as const satisfies Record<string, Threshold>

const METRIC = 'http_server_request_duration_seconds_count'

/** One instance that gets far more requests than the others of its service. */
export function detectImbalance(context: DetectContext): readonly Suspicion[] {
  const services = new Map<string, { labels: Labels; perSecond: number }[]>()
  for (const [labels, { requestsPerSecond }] of readTraffic(context, ['job', 'instance']).rows()) {
    const instances = services.get(labels.job ?? '') ?? []
    services.set(labels.job ?? '', [...instances, { labels, perSecond: requestsPerSecond }])
  }
  return [...services.values()].flatMap((instances) => {
    if (instances.length < INSTANCE_IMBALANCE.instances.value) return []
    const sorted = instances.sort((a, b) => b.perSecond - a.perSecond)
    const busiest = sorted[0]!
    const middle = sorted[Math.floor(sorted.length / 2)]!.perSecond
    const uneven =
      busiest.perSecond >= INSTANCE_IMBALANCE.requestsPerSecond.value &&
      busiest.perSecond >= INSTANCE_IMBALANCE.ratio.value * middle
    return uneven ? [(own) => [describe(own, busiest, middle, sorted)]] : []
  })
}

function describe(
  context: DetectContext,
  busiest: { readonly labels: Labels; readonly perSecond: number },
  middle: number,
  all: readonly { readonly perSecond: number }[],
): BottleneckCandidate {
  const window = durationText(context.windowMs)
  const { job = '' } = busiest.labels
  const rates = `sum by (instance) (rate(${select(METRIC, { job })}[${window}]))`
  const total = all.reduce((sum, { perSecond }) => sum + perSecond, 0)
  return {
    type: 'instance.imbalance',
    severity: 'warning',
    resource: resourceOf(busiest.labels),
    component: 'load balancing',
    operation: 'requests',
    summary:
      `One of ${all.length} instances of ${serviceName(busiest.labels)} gets ${count(busiest.perSecond)} requests a second, ` +
      `the one in the middle ${count(middle)}`,
    impact: impactOf({
      severity: 'warning',
      share: { value: 1 - middle / busiest.perSecond, of: 'the load of the busiest instance' },
      reach: { value: busiest.perSecond / total, of: 'the requests' },
    }),
    confidence: 0.85,
    evidence: measure(context, [
      {
        what: 'requests of the busiest instance over those of the one in the middle',
        query: `max(${rates}) / quantile(0.5, ${rates})`,
        unit: '{ratio}',
        threshold: INSTANCE_IMBALANCE.ratio.value,
      },
      {
        what: 'requests a second of the busiest instance',
        query: `max(${rates})`,
        unit: '{request}/s',
      },
    ]),
  }
}
