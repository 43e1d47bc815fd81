import type { Bottleneck } from './model/bottleneck.ts'
import type { Labels } from './model/labels.ts'
import type { Recommendation } from './model/recommendation.ts'
import type { RecordFunc } from './rules/rule-context.ts'

/** One finding as a sample: its impact score, by what it is. */
export interface FindingSample {
  readonly name: 'chokepoint_bottleneck_impact' | 'chokepoint_recommendation_impact'
  readonly labels: Labels
  readonly value: number
}

/** The active bottlenecks and open recommendations as samples, for dashboards and `/metrics`. */
export function findingSamples(
  bottlenecks: readonly Bottleneck[],
  recommendations: readonly Recommendation[],
): readonly FindingSample[] {
  return [
    ...bottlenecks
      .filter(({ status }) => status === 'active')
      .map((one): FindingSample => {
        const cause = one.cause ? 'true' : 'false'
        const labels = { ...labelsOf(one), cause }
        return { name: 'chokepoint_bottleneck_impact', labels, value: one.impact.score }
      }),
    ...recommendations
      .filter(({ status }) => status === 'open' || status === 'acknowledged')
      .map((one): FindingSample => {
        const { title, status, bottleneck } = one
        const labels = { ...labelsOf(one), title, status, bottleneck }
        return { name: 'chokepoint_recommendation_impact', labels, value: one.impact.score }
      }),
  ]
}

function labelsOf(finding: Bottleneck | Recommendation): Labels {
  const { id, type, severity, component, operation, resource } = finding
  const job = resource['service.name'] ?? ''
  const instance = resource['service.instance.id'] ?? ''
  return { id, type, severity, component, operation, job, instance }
}

/** Writes findings as series, and ends the series of those that are gone. */
export function createFindingRecorder(record: RecordFunc) {
  let written = new Map<string, FindingSample>()
  return (samples: readonly FindingSample[], nowMs: number): void => {
    const current = new Map(samples.map((sample) => [keyOf(sample), sample]))
    for (const { name, labels, value } of samples) record(name, labels, nowMs, value)
    for (const [key, { name, labels }] of written) {
      if (!current.has(key)) record(name, labels, nowMs, 'stale')
    }
    written = current
  }
}

function keyOf({ name, labels }: FindingSample): string {
  return JSON.stringify([name, ...Object.values(labels)])
}
