import type { BottleneckCandidate, BottleneckType } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'
import type { Severity } from '../model/severity.ts'
import { Figures } from './answers.ts'
import type { DetectContext, Detector, Threshold } from './detector.ts'
import { type Claim, measure } from './evidence.ts'
import { impactOf, type Part } from './impact.ts'
import { durationText } from './promql-text.ts'
import { resourceOf } from './resource.ts'
import { readTraffic } from './traffic.ts'
import { worstOfEachService } from './worst-instance.ts'

/** A resource that limits an instance when one figure of it is over a bound. */
export interface OverThreshold {
  readonly type: BottleneckType
  readonly component: string | ((labels: Labels) => string)
  readonly operation: string
  /** The labels of one figure, `job` and `instance` first. */
  readonly by: readonly string[]
  /** PromQL of the figure by these labels. */
  readonly figure: (window: string) => string
  readonly warning: Threshold
  /** From when on it is critical; never when absent. */
  readonly critical?: Threshold
  /** PromQL with the same labels: only where this has an answer too is it a bottleneck. */
  readonly and?: (window: string) => string
  readonly summary: (labels: Labels, value: number, window: string) => string
  /** How much of what the bottleneck takes. */
  readonly share: (value: number, window: string) => Part
  readonly reach?: Part
  /** Milliseconds a request that are lost, from the figure and the instance's requests a second. */
  readonly saving?: (value: number, requestsPerSecond: number) => number
  readonly confidence: number
  /** The first one must get under the warning threshold for the bottleneck to be gone. */
  readonly claims: (labels: Labels, window: string) => readonly Claim[]
}

const ALL: Part = { value: 1, of: 'the requests' }

/** The detector for such a resource: each service's worst instance that is over the bound. */
export function overThreshold(spec: OverThreshold): Detector {
  return (context) => {
    const window = durationText(context.windowMs)
    const figures = new Figures(context, spec.figure(window), spec.by)
    const and = spec.and && new Figures(context, spec.and(window), spec.by)
    const over = [...figures.rows()].filter(
      ({ labels, value }) =>
        value >= spec.warning.value && (and === undefined || and.of(labels) !== undefined),
    )
    return worstOfEachService(
      over,
      ({ value }) => value,
      ({ labels }) => componentOf(spec, labels),
    ).map(({ labels, value }) => (own) => [describe(own, spec, labels, value)])
  }
}

function describe(
  context: DetectContext,
  spec: OverThreshold,
  labels: Labels,
  value: number,
): BottleneckCandidate {
  const window = durationText(context.windowMs)
  const severity: Severity =
    spec.critical !== undefined && value >= spec.critical.value ? 'critical' : 'warning'
  return {
    type: spec.type,
    severity,
    resource: resourceOf(labels),
    component: componentOf(spec, labels),
    operation: spec.operation,
    summary: spec.summary(labels, value, window),
    impact: impactOf({
      severity,
      share: spec.share(value, window),
      reach: spec.reach ?? ALL,
      savingMs: savingMs(context, spec, labels, value),
    }),
    confidence: spec.confidence,
    evidence: measure(context, spec.claims(labels, window)),
  }
}

function savingMs(
  context: DetectContext,
  { saving }: OverThreshold,
  labels: Labels,
  value: number,
): number {
  const traffic = saving && readTraffic(context, ['job', 'instance']).of(labels)
  return traffic === undefined ? 0 : saving!(value, traffic.requestsPerSecond)
}

function componentOf({ component }: OverThreshold, labels: Labels): string {
  return typeof component === 'string' ? component : component(labels)
}
