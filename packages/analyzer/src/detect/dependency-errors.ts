import type { BottleneckCandidate } from '../model/bottleneck.ts'
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
import { durationText } from './promql-text.ts'
import { resourceOf, serviceName } from './resource.ts'
import { percent, whole } from './wording.ts'

/** From when on a dependency that fails is a finding. */
export const DEPENDENCY_ERRORS = {
  errorShare: {
    value: 0.05,
    unit: '1',
    reason: 'one call in twenty; a retry or a fallback can hide less than that',
  },
  criticalErrorShare: {
    value: 0.2,
    unit: '1',
    reason: 'one call in five: a retry does not save it',
  },
  errors: { value: 10, unit: '{call}', reason: 'fewer may be one restart of the other side' },
} as const satisfies Record<string, Threshold>

/** A peer or a database whose calls fail far too often. */
export function detectFailingDependency(context: DetectContext): readonly Suspicion[] {
  const window = durationText(context.windowMs)
  return readFailingDependencies(context)
    .filter(({ errors }) => errors >= DEPENDENCY_ERRORS.errors.value)
    .map((dependency) => (own) => {
      const { kind, labels, errors } = dependency
      // Of this service only: a fleet may have more series than one question may hold.
      const all = allCalls(kind, window, { job: labels.job ?? '' })
      const totals = new Figures(own, `sum by (${kind.by.join(', ')}) (${all})`, kind.by)
      const share = Math.min(1, errors / (totals.of(labels) ?? errors))
      if (share < DEPENDENCY_ERRORS.errorShare.value) return []
      return [describe(own, dependency, share)]
    })
}

function describe(
  context: DetectContext,
  dependency: FailingDependency,
  share: number,
): BottleneckCandidate {
  const { kind, labels, errors, peer } = dependency
  const window = durationText(context.windowMs)
  const severity =
    share >= DEPENDENCY_ERRORS.criticalErrorShare.value ? 'critical' : ('warning' as const)
  const name = dependencyName(labels)
  const tests = dependencyTests(dependency)
  const failed = `sum(${failedCalls(kind, window, tests)})`
  const all = `sum(${allCalls(kind, window, tests)})`
  return {
    type: 'dependency.errors',
    severity,
    resource: { ...resourceOf(labels), ...dependencyResource(dependency) },
    component: name,
    operation: 'failed calls',
    summary:
      `${percent(share)} of the calls of ${serviceName(labels)} to ${name}${peer === undefined ? '' : ` (${peer})`} fail: ` +
      `${whole(errors)} in the last ${window}`,
    impact: impactOf({
      severity,
      share: { value: share, of: 'the calls' },
      reach: { value: 1, of: 'the requests that make them' },
    }),
    confidence: errors >= 3 * DEPENDENCY_ERRORS.errors.value ? 0.9 : 0.75,
    evidence: measure(context, [
      {
        what: `share of the calls to ${name} that fail`,
        // No such series as long as none failed; that is 0 where calls are made.
        query: `(${failed} or 0 * ${all}) / ${all}`,
        unit: '1',
        threshold: DEPENDENCY_ERRORS.errorShare.value,
      },
      {
        what: 'failed calls',
        query: failed,
        unit: '{call}',
        threshold: DEPENDENCY_ERRORS.errors.value,
      },
    ]),
  }
}
