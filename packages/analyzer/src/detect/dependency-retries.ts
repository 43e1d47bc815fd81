import type { BottleneckCandidate } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'
import { Figures } from './answers.ts'
import type { DetectContext, Suspicion, Threshold } from './detector.ts'
import { measure } from './evidence.ts'
import {
  allCalls,
  dependencyName,
  dependencyResource,
  dependencyTests,
  type FailingDependency,
  failedCalls,
  readFailingDependencies,
} from './failing-calls.ts'
import { impactOf } from './impact.ts'
import { durationText, select } from './promql-text.ts'
import { resourceOf, serviceName } from './resource.ts'
import { readTraffic } from './traffic.ts'
import { count, percent } from './wording.ts'

/** From when on retries make a failure worse. */
export const DEPENDENCY_RETRIES = {
  callsPerRequest: {
    value: 1.5,
    unit: '{call}',
    reason:
      'of one form to one peer in one request: half of the load on it is made by trying again',
  },
  errorShare: {
    value: 0.2,
    unit: '1',
    reason: 'calls that succeed are repeated for other reasons than retries',
  },
  calls: { value: 20, unit: '{call}', reason: 'fewer may be one client' },
} as const satisfies Record<string, Threshold>

const BY = ['job', 'call_target', 'call_shape']
const HTTP = { call_kind: 'http' }

/** Calls that fail and are made again and again: the load on a peer that cannot cope becomes a multiple. */
export function detectRetries(context: DetectContext): readonly Suspicion[] {
  const window = durationText(context.windowMs)
  const ask = (suffix: string) =>
    new Figures(
      context,
      `sum by (${BY.join(', ')}) (rate(${select(`request_child_calls${suffix}`, HTTP)}[${window}]))`,
      BY,
    )
  const sums = ask('_sum')
  const repeated = [...ask('_count').rows()].flatMap(({ labels, value }) => {
    const calls = (sums.of(labels) ?? 0) / value
    return calls >= DEPENDENCY_RETRIES.callsPerRequest.value
      ? [{ labels, calls, perSecond: value }]
      : []
  })
  const failing = readFailingDependencies(context)
  return repeated.flatMap((row) => {
    const dependency = failing.find(
      ({ labels }) =>
        labels.job === row.labels.job && dependencyName(labels) === row.labels.call_target,
    )
    if (dependency === undefined) return []
    return (own: DetectContext) => {
      const totals = `sum(${allCalls(dependency.kind, window, dependencyTests(dependency))})`
      const total = new Figures(own, totals, []).of({}) ?? 0
      const share = dependency.errors / Math.max(1, total)
      const enough =
        total >= DEPENDENCY_RETRIES.calls.value && share >= DEPENDENCY_RETRIES.errorShare.value
      return enough ? [describe(own, { ...row, dependency, share: Math.min(1, share) })] : []
    }
  })
}

interface Retries {
  readonly labels: Labels
  readonly calls: number
  readonly perSecond: number
  readonly dependency: FailingDependency
  readonly share: number
}

function describe(context: DetectContext, found: Retries): BottleneckCandidate {
  const { labels, calls, perSecond, dependency, share } = found
  const window = durationText(context.windowMs)
  const tests = { job: labels.job ?? '', ...HTTP, call_target: labels.call_target ?? '' }
  const rate = (suffix: string) =>
    `sum(rate(${select(`request_child_calls${suffix}`, { ...tests, call_shape: labels.call_shape ?? '' })}[${window}]))`
  const one = dependencyTests(dependency)
  const all = `sum(${allCalls(dependency.kind, window, one)})`
  const requests = readTraffic(context).of(labels)?.requestsPerSecond ?? perSecond
  return {
    type: 'dependency.retries',
    severity: 'warning',
    resource: { ...resourceOf(labels), ...dependencyResource(dependency) },
    component: dependencyName(dependency.labels),
    operation: labels.call_shape ?? '',
    summary:
      `${serviceName(labels)} calls ${dependency.peer ?? dependencyName(dependency.labels)} ${count(calls)} times a request ` +
      `for "${labels.call_shape ?? ''}", while ${percent(share)} of these calls fail`,
    impact: impactOf({
      severity: 'warning',
      share: { value: 1 - 1 / calls, of: 'the calls' },
      reach: { value: perSecond / requests, of: 'the requests' },
    }),
    confidence: 0.75,
    evidence: measure(context, [
      {
        what: 'calls of this form in one request',
        query: `${rate('_sum')} / ${rate('_count')}`,
        unit: '{call}',
        threshold: DEPENDENCY_RETRIES.callsPerRequest.value,
      },
      {
        what: 'share of the calls that fail',
        query: `sum(${failedCalls(dependency.kind, window, one)}) / ${all}`,
        unit: '1',
        threshold: DEPENDENCY_RETRIES.errorShare.value,
      },
    ]),
  }
}
