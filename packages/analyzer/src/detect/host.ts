import type { BottleneckCandidate, BottleneckType, Evidence } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'
import { Figures, figureOf } from './answers.ts'
import type { DetectContext, Detector, Threshold } from './detector.ts'
import { impactOf } from './impact.ts'
import { durationText } from './promql-text.ts'

/** A machine's resource that is used up. */
export interface HostResource {
  readonly type: BottleneckType
  readonly title: string
  readonly thresholds: Readonly<Record<string, Threshold>>
  readonly component: string | ((labels: Labels) => string)
  /** The labels of the figure beside `host_name`. */
  readonly by: readonly string[]
  /** PromQL by `by`; `only` are the matchers that choose the process that is asked about its host. */
  readonly figure: (window: string, only: string) => string
  readonly unit: string
  readonly what: string
  readonly warning: Threshold
  readonly critical: Threshold
  /** A second figure that must be over its bound, too: use alone is not yet a shortage. */
  readonly and?: {
    readonly what: string
    readonly figure: (window: string, only: string) => string
    readonly bound: Threshold
    readonly unit: string
  }
  readonly summary: (host: string, component: string, value: number) => string
}

/** Less than this shows a build, a start or a backup, not a machine that is too small. */
const WINDOW_MS_MIN = 120_000

/**
 * The detector for such a resource. Every process on a machine reports the machine: one of them is asked,
 * so that a machine with ten services has one finding.
 */
export function hostDetector(resource: HostResource): Detector {
  return (context) => {
    if (context.windowMs < WINDOW_MS_MIN) return []
    return readReporters(context).map((reporter) => (own) => detectOn(own, resource, reporter))
  }
}

interface Reporter {
  readonly host: string
  /** Label matchers that choose its series. */
  readonly only: string
}

/** One process for each host that says on which host it is; the same one as long as it reports. */
function readReporters(context: DetectContext): Reporter[] {
  const rows = [
    ...new Figures(
      context,
      'group by (host_name, job, instance) (target_info{host_name!=""} and on (job, instance) group by (job, instance) (system_memory_limit_bytes))',
      ['host_name', 'job', 'instance'],
    ).rows(),
  ]
    .map(({ labels }) => labels)
    .sort((a, b) => ((a.instance ?? '') < (b.instance ?? '') ? -1 : 1))
  const chosen = new Map<string, Reporter>()
  for (const { host_name = '', job = '', instance = '' } of rows) {
    if (chosen.has(host_name)) continue
    const only = `job=${JSON.stringify(job)},instance=${JSON.stringify(instance)}`
    chosen.set(host_name, { host: host_name, only })
  }
  return [...chosen.values()]
}

function detectOn(
  context: DetectContext,
  resource: HostResource,
  { host, only }: Reporter,
): BottleneckCandidate[] {
  const window = durationText(context.windowMs)
  const query = resource.figure(window, only)
  const second = resource.and?.figure(window, only)
  const besides = second === undefined ? undefined : figureOf(context, second)
  if (resource.and !== undefined && !((besides ?? 0) >= resource.and.bound.value)) return []
  const figures = [...new Figures(context, query, resource.by).rows()]
  return figures
    .filter(({ value }) => value >= resource.warning.value)
    .map(({ labels, value }) => {
      const evidence: Evidence[] = [
        {
          what: resource.what,
          query: resource.by.length === 0 ? query : oneOf(query, resource.by, labels),
          value,
          unit: resource.unit,
          threshold: resource.warning.value,
        },
      ]
      if (resource.and !== undefined && second !== undefined && besides !== undefined) {
        const { what, unit, bound } = resource.and
        evidence.push({ what, query: second, value: besides, unit, threshold: bound.value })
      }
      return describe(resource, host, labels, value, evidence)
    })
}

/** PromQL for the row of an answer that has these labels. */
function oneOf(query: string, by: readonly string[], labels: Labels): string {
  const element = by.reduce((inner, name) => {
    const value = (labels[name] ?? '').replaceAll('$', '$$$$')
    return `label_replace(${inner}, ${JSON.stringify(name)}, ${JSON.stringify(value)}, "", "")`
  }, 'vector(1)')
  return `(${query}) and on (${by.join(', ')}) ${element}`
}

function describe(
  resource: HostResource,
  host: string,
  labels: Labels,
  value: number,
  evidence: readonly Evidence[],
): BottleneckCandidate {
  const { type, critical, summary, component } = resource
  const severity = value >= critical.value ? 'critical' : ('warning' as const)
  const name = typeof component === 'string' ? component : component(labels)
  return {
    type,
    severity,
    resource: { 'host.name': host },
    component: name,
    operation: '',
    summary: summary(host, name, value),
    impact: impactOf({
      severity,
      share: { value: resource.unit === '1' ? value : 1, of: `the ${name}` },
      reach: { value: 1, of: 'what runs on the host' },
    }),
    confidence: 0.85,
    evidence,
  }
}
