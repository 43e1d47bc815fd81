import type { BottleneckCandidate } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'
import { Figures } from './answers.ts'
import type { DetectContext, Suspicion, Threshold } from './detector.ts'
import { measure } from './evidence.ts'
import {
  dependencyName,
  dependencyResource,
  dependencyTests,
  type FailingDependency,
  failedCalls,
  readFailingDependencies,
} from './failing-calls.ts'
import { impactOf } from './impact.ts'
import { durationText, increaseWithBirth, select } from './promql-text.ts'
import { resourceOf, serviceName } from './resource.ts'
import { percent, whole } from './wording.ts'

/** From when on failing requests are a finding. */
export const ERRORS_SPIKE = {
  errorShare: {
    value: 0.05,
    unit: '1',
    reason:
      'one request in twenty; a service objective of 99 % is lost five times as fast as planned',
  },
  criticalErrorShare: {
    value: 0.2,
    unit: '1',
    reason: 'one request in five: users meet it at once',
  },
  errors: { value: 10, unit: '{request}', reason: 'fewer may be one client that tries again' },
  dependencyShare: {
    value: 0.5,
    unit: '1',
    reason: 'failed calls that are at least half as many as failed requests explain them',
  },
} as const satisfies Record<string, Threshold>

const METRIC = 'http_server_request_duration_seconds_count'
const BY = ['job', 'http_request_method', 'http_route']
const SERVER_ERROR = { http_response_status_code: { matches: '5..' } }

/** A route that answers with 5xx far too often, and the dependency that fails with it, if one does. */
export function detectErrorSpike(context: DetectContext): readonly Suspicion[] {
  const window = durationText(context.windowMs)
  const failed = increaseWithBirth(select(METRIC, SERVER_ERROR), window, METRIC)
  const errors = new Figures(context, `sum by (${BY.join(', ')}) (${failed})`, BY)
  const blame = readBlame(context)
  return [...errors.rows()]
    .filter(({ value }) => value >= ERRORS_SPIKE.errors.value)
    .map(({ labels, value }) => (own) => {
      // Of this service only: a fleet may have more series than one question may hold.
      const metric = select(METRIC, { job: labels.job ?? '' })
      const all = increaseWithBirth(metric, window, metric)
      const total = new Figures(own, `sum by (${BY.join(', ')}) (${all})`, BY).of(labels) ?? 0
      if (value / total < ERRORS_SPIKE.errorShare.value) return []
      const reach = total / (new Figures(own, `sum by (job) (${all})`, ['job']).of(labels) ?? total)
      const share = Math.min(1, value / total)
      return [describe(own, { labels, errors: value, share, reach }, blame(labels, value))]
    })
}

/** Gives the dependency of a service whose failures are enough to explain that many failed requests. */
function readBlame(context: DetectContext) {
  const dependencies = readFailingDependencies(context)
  return (service: Labels, errors: number): FailingDependency | undefined => {
    const worst = dependencies
      .filter(({ labels }) => labels.job === service.job)
      .sort((a, b) => b.errors - a.errors)[0]
    const enough = ERRORS_SPIKE.dependencyShare.value * errors
    return worst !== undefined && worst.errors >= enough ? worst : undefined
  }
}

interface FailingRoute {
  readonly labels: Labels
  readonly errors: number
  readonly share: number
  readonly reach: number
}

function describe(
  context: DetectContext,
  { labels, errors, share, reach }: FailingRoute,
  dependency: FailingDependency | undefined,
): BottleneckCandidate {
  const { http_request_method: method = '', http_route: route = '' } = labels
  const name = `${method} ${route}`.trim() || 'unknown routes'
  const severity =
    share >= ERRORS_SPIKE.criticalErrorShare.value ? 'critical' : ('warning' as const)
  const callee =
    dependency === undefined ? '' : (dependency.peer ?? dependencyName(dependency.labels))
  const explained = callee === '' ? '' : `; as its calls to ${callee} do`
  return {
    type: 'errors.spike',
    severity,
    resource: {
      ...resourceOf(labels),
      ...(dependency === undefined ? {} : dependencyResource(dependency)),
    },
    component: name,
    operation: '5xx',
    summary:
      `${percent(share)} of the requests to ${name} of ${serviceName(labels)} fail with 5xx: ` +
      `${whole(errors)} in the last ${durationText(context.windowMs)}${explained}`,
    impact: impactOf({
      severity,
      share: { value: share, of: `the requests to ${name}` },
      reach: { value: reach, of: 'all requests' },
    }),
    confidence: errors >= 3 * ERRORS_SPIKE.errors.value ? 0.95 : 0.8,
    evidence: measure(context, claims(context, labels, dependency)),
  }
}

function claims(context: DetectContext, labels: Labels, dependency: FailingDependency | undefined) {
  const window = durationText(context.windowMs)
  const tests = Object.fromEntries(BY.map((name) => [name, labels[name] ?? '']))
  const witness = select(METRIC, { job: labels.job ?? '' })
  const all = `sum(${increaseWithBirth(select(METRIC, tests), window, witness)})`
  const failed = `sum(${increaseWithBirth(select(METRIC, { ...tests, ...SERVER_ERROR }), window, witness)})`
  return [
    {
      what: 'share of requests that fail with 5xx',
      // A service that never failed has no such series; as long as it answers requests, that is 0.
      query: `(${failed} or 0 * ${all}) / ${all}`,
      unit: '1',
      threshold: ERRORS_SPIKE.errorShare.value,
    },
    {
      what: 'failed requests',
      query: failed,
      unit: '{request}',
      threshold: ERRORS_SPIKE.errors.value,
    },
    ...(dependency === undefined
      ? []
      : [
          {
            what: `failed calls to ${dependency.peer ?? dependencyName(dependency.labels)}`,
            query: `sum(${failedCalls(dependency.kind, window, dependencyTests(dependency))})`,
            unit: '{call}',
          },
        ]),
  ]
}
