import type { BottleneckCandidate } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'
import { Figures } from './answers.ts'
import type { DetectContext, Suspicion, Threshold } from './detector.ts'
import { measure } from './evidence.ts'
import { impactOf } from './impact.ts'
import { durationText, select } from './promql-text.ts'
import { resourceOf, serviceName } from './resource.ts'
import { readTraffic, type Traffic } from './traffic.ts'
import { count, percent, seconds } from './wording.ts'

/** From when on calls one after another are worth making at once. */
export const CALLS_SEQUENTIAL = {
  calls: {
    value: 3,
    unit: '{call}',
    reason: 'two calls may need each other; of three some seldom do',
  },
  serialShare: {
    value: 0.8,
    unit: '1',
    reason:
      'time waited over the sum of the calls: 1 is one after another, calls at once are well under it',
  },
  waitSeconds: {
    value: 0.1,
    unit: 's',
    reason: 'less is not worth making the code harder to read',
  },
  timeShare: {
    value: 0.3,
    unit: '1',
    reason: 'of the time of the route; else something else limits it',
  },
} as const satisfies Record<string, Threshold>

const HTTP = { call_kind: 'http' }
const METRIC = 'http_server_request_duration_seconds'

/** A route that calls several peers one after another and waits for the sum of them. */
export function detectSequentialCalls(context: DetectContext): readonly Suspicion[] {
  const window = durationText(context.windowMs)
  const by = ['job', 'http_route']
  const waits = new Figures(
    context,
    `sum by (${by.join(', ')}) (rate(${select('request_time_split_seconds_sum', { wait_kind: 'http' })}[${window}]))`,
    by,
  )
  const routes = readTraffic(context, by)
  const services = readTraffic(context)
  return readCalls(context).flatMap((calls) => {
    const route = routes.of(calls.labels)
    const service = services.of(calls.labels)
    if (route === undefined || service === undefined) return []
    const perRequest = calls.perSecond / route.requestsPerSecond
    const wait = (waits.of(calls.labels) ?? 0) / route.requestsPerSecond
    const sum = calls.busy / route.requestsPerSecond
    const serial = wait / sum
    const found =
      perRequest >= CALLS_SEQUENTIAL.calls.value &&
      serial >= CALLS_SEQUENTIAL.serialShare.value &&
      wait >= CALLS_SEQUENTIAL.waitSeconds.value &&
      wait >= CALLS_SEQUENTIAL.timeShare.value * route.meanSeconds
    if (!found) return []
    return [(own) => [describe(own, { ...calls, perRequest, wait, route, service })]]
  })
}

interface RouteCalls {
  readonly labels: Labels
  /** Calls a second. */
  readonly perSecond: number
  /** Seconds a second that the calls take, were they made one by one. */
  readonly busy: number
  /** The longest of them, in seconds: what is left when they are made at once. */
  readonly longest: number
}

/** The HTTP calls of each route, with the time that calls to their targets take on average. */
function readCalls(context: DetectContext): RouteCalls[] {
  const window = durationText(context.windowMs)
  const client = 'http_client_request_duration_seconds'
  const means = new Map<string, number>()
  const sums = `sum by (job, server_address, server_port) (rate(${client}_sum[${window}]))`
  const counts = `sum by (job, server_address, server_port) (rate(${client}_count[${window}]))`
  for (const { labels, value } of context.query(`${sums} / ${counts}`, context.nowMs)) {
    means.set(`${labels.job} ${labels.server_address}:${labels.server_port}`, value)
  }
  const calls = `sum by (job, http_route, call_target) (rate(${select('request_child_calls_sum', HTTP)}[${window}]))`
  const routes = new Map<string, RouteCalls>()
  for (const { labels, value } of context.query(calls, context.nowMs)) {
    const mean = means.get(`${labels.job} ${labels.call_target}`)
    if (mean === undefined || !(value > 0)) continue
    const key = JSON.stringify([labels.job, labels.http_route])
    const known = routes.get(key)
    routes.set(key, {
      labels: { job: labels.job ?? '', http_route: labels.http_route ?? '' },
      perSecond: (known?.perSecond ?? 0) + value,
      busy: (known?.busy ?? 0) + value * mean,
      longest: Math.max(known?.longest ?? 0, mean),
    })
  }
  return [...routes.values()]
}

interface Sequence extends RouteCalls {
  readonly perRequest: number
  /** Seconds a request waits for its calls. */
  readonly wait: number
  readonly route: Traffic
  readonly service: Traffic
}

function describe(context: DetectContext, found: Sequence): BottleneckCandidate {
  const { labels, perRequest, wait, longest, route, service } = found
  const window = durationText(context.windowMs)
  const { job = '', http_route = '' } = labels
  const saving = Math.max(0, wait - longest)
  const reach = route.requestsPerSecond / service.requestsPerSecond
  const waited = `sum(rate(${select('request_time_split_seconds_sum', { job, http_route, wait_kind: 'http' })}[${window}]))`
  const requests = (suffix: string) =>
    `sum(rate(${select(`${METRIC}${suffix}`, { job, http_route })}[${window}]))`
  return {
    type: 'calls.sequential',
    severity: 'warning',
    resource: resourceOf(labels),
    component: http_route,
    operation: 'HTTP calls',
    summary:
      `${http_route} of ${serviceName(labels)} makes ${count(perRequest)} HTTP calls one after another and waits ${seconds(wait)} for them; ` +
      `at once they would take about ${seconds(longest)}, ${percent(saving / route.meanSeconds)} of the time less`,
    impact: impactOf({
      severity: 'warning',
      share: { value: saving / route.meanSeconds, of: `the time of ${http_route}` },
      reach: { value: reach, of: 'the requests' },
      savingMs: 1000 * saving * reach,
    }),
    // The figures cannot tell whether a call needs the answer of the one before.
    confidence: 0.6,
    evidence: measure(context, [
      {
        what: 'time that a request waits for its HTTP calls',
        query: `${waited} / ${requests('_count')}`,
        unit: 's',
        threshold: CALLS_SEQUENTIAL.waitSeconds.value,
      },
      {
        what: 'HTTP calls of one request',
        query: `sum(rate(${select('request_child_calls_sum', { job, http_route, ...HTTP })}[${window}])) / ${requests('_count')}`,
        unit: '{call}',
        threshold: CALLS_SEQUENTIAL.calls.value,
      },
      {
        what: 'share of the time of the route',
        query: `${waited} / ${requests('_sum')}`,
        unit: '1',
        threshold: CALLS_SEQUENTIAL.timeShare.value,
      },
    ]),
  }
}
