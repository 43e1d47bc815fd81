import type { BottleneckCandidate } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'
import { Figures, figureOf } from './answers.ts'
import { DEPENDENCY_KINDS, type DependencyKind } from './dependency-kinds.ts'
import type { DetectContext, Suspicion, Threshold } from './detector.ts'
import { measure } from './evidence.ts'
import { impactOf } from './impact.ts'
import { type FindPeer, readPeers } from './peers.ts'
import { durationText, select } from './promql-text.ts'
import { resourceOf, serviceName } from './resource.ts'
import { readTraffic, type Traffic } from './traffic.ts'
import { count, percent, seconds } from './wording.ts'

/** From when on a dependency is a bottleneck; how slow is slow is in dependency-kinds.ts, by kind. */
export const DEPENDENCY_SLOW = {
  timeShare: {
    value: 0.05,
    unit: '1',
    reason:
      'a dependency that takes less of the time of all requests is not what limits the service',
  },
  criticalTimeShare: {
    value: 0.6,
    unit: '1',
    reason: 'more than half of the time: nothing else that is done matters as much',
  },
  calls: { value: 10, unit: '{call}', reason: 'fewer calls give no p95' },
} as const satisfies Record<string, Threshold>

/** A peer or a database that is slow, and that the service's requests spend their time on. */
export function detectSlowDependency(context: DetectContext): readonly Suspicion[] {
  const traffic = readTraffic(context)
  const findPeer = readPeers(context)
  return DEPENDENCY_KINDS.flatMap((kind) =>
    readSlowCalls(context, kind).flatMap((calls) => {
      const service = traffic.of(calls.labels)
      // Without requests of its own (a worker), a service waits as long as its calls take.
      const timeShare = service === undefined ? Math.min(1, calls.busy) : calls.busy / service.busy
      if (timeShare < DEPENDENCY_SLOW.timeShare.value) return []
      return [(own) => [describe(own, { ...calls, kind, service, timeShare }, findPeer)]]
    }),
  )
}

interface SlowCalls {
  readonly labels: Labels
  readonly p95: number
  readonly perSecond: number
  /** Seconds of waiting a second. */
  readonly busy: number
}

function readSlowCalls(context: DetectContext, kind: DependencyKind): SlowCalls[] {
  const { by, metric } = kind
  const window = durationText(context.windowMs)
  const ask = (suffix: string) =>
    new Figures(context, `sum by (${by.join(', ')}) (rate(${metric}${suffix}[${window}]))`, by)
  const counts = ask('_count')
  const sums = ask('_sum')
  const quantiles = new Figures(
    context,
    `histogram_quantile(0.95, sum by (le, ${by.join(', ')}) (rate(${metric}_bucket[${window}])))`,
    by,
  )
  const slow: SlowCalls[] = []
  for (const { labels, value: perSecond } of counts.rows()) {
    const busy = sums.of(labels) ?? 0
    const p95 = quantiles.of(labels)
    if (perSecond * (context.windowMs / 1000) < DEPENDENCY_SLOW.calls.value) continue
    if (p95 === undefined || p95 < kind.p95.value || busy / perSecond < kind.mean.value) continue
    slow.push({ labels, p95, perSecond, busy })
  }
  return slow
}

interface SlowDependency extends SlowCalls {
  readonly kind: DependencyKind
  readonly service: Traffic | undefined
  readonly timeShare: number
}

function describe(
  context: DetectContext,
  found: SlowDependency,
  findPeer: FindPeer,
): BottleneckCandidate {
  const { kind, labels, p95, perSecond, busy, service, timeShare } = found
  const baseline = figureOf(context, quantileQuery(found, context, durationText(context.windowMs)))
  const mean = busy / perSecond
  const severity =
    timeShare >= DEPENDENCY_SLOW.criticalTimeShare.value ? 'critical' : ('warning' as const)
  const reach = service === undefined ? 1 : Math.min(1, perSecond / service.requestsPerSecond)
  const resource = resourceWithPeer(labels, kind, findPeer)
  const peer = resource['peer.service']
  const callee = `${kind.component(labels)}${peer === undefined ? '' : ` (${peer})`}`
  const risen = baseline !== undefined && p95 >= 3 * baseline
  return {
    type: 'dependency.slow',
    severity,
    resource,
    component: kind.component(labels),
    operation: kind.operation(labels),
    summary:
      `${serviceName(labels)} waits for ${callee}: a call takes ${seconds(mean)} on average and ` +
      `${seconds(p95)} at p95, ${count(perSecond)} calls a second, ${percent(Math.min(1, timeShare))} of the time of all requests`,
    impact: impactOf({
      severity,
      share: { value: timeShare / reach, of: 'the time of a request that calls it' },
      reach: { value: reach, of: 'the requests' },
      savingMs: service === undefined ? 0 : (1000 * busy) / service.requestsPerSecond,
    }),
    confidence: risen || p95 >= 2 * kind.p95.value ? 0.9 : 0.8,
    evidence: measure(context, claims(found, context, baseline)),
  }
}

function claims(found: SlowDependency, context: DetectContext, baseline: number | undefined) {
  const { kind, labels, service } = found
  const window = durationText(context.windowMs)
  const rate = (suffix: string) =>
    `sum(rate(${select(`${kind.metric}${suffix}`, pick(labels, kind.by))}[${window}]))`
  const requests = select('http_server_request_duration_seconds_sum', pick(labels, ['job']))
  return [
    {
      what: `p95 of the calls to ${kind.component(labels)}`,
      query: quantileQuery(found, context),
      unit: 's',
      threshold: kind.p95.value,
      ...(baseline === undefined ? {} : { baseline }),
    },
    {
      what: 'mean time of a call',
      query: `${rate('_sum')} / ${rate('_count')}`,
      unit: 's',
      threshold: kind.mean.value,
    },
    { what: 'calls a second', query: rate('_count'), unit: '{call}/s' },
    ...(service === undefined
      ? []
      : [
          {
            what: 'time of these calls over the time of all requests',
            query: `${rate('_sum')} / sum(rate(${requests}[${window}]))`,
            unit: '1',
            threshold: DEPENDENCY_SLOW.timeShare.value,
          },
        ]),
  ]
}

function quantileQuery({ kind, labels }: SlowDependency, context: DetectContext, offset?: string) {
  const window = durationText(context.windowMs)
  const buckets = `${select(`${kind.metric}_bucket`, pick(labels, kind.by))}[${window}]`
  const before = offset === undefined ? '' : ` offset ${offset}`
  return `histogram_quantile(0.95, sum by (le) (rate(${buckets}${before})))`
}

/** Who waits, and for whom: the callee's address and name let the ledger look for a cause over there. */
function resourceWithPeer(labels: Labels, kind: DependencyKind, findPeer: FindPeer): Labels {
  const peer = kind.kind === 'database' ? undefined : findPeer(labels)
  return {
    ...resourceOf(labels),
    ...(labels.server_address ? { 'server.address': labels.server_address } : {}),
    ...(labels.server_port ? { 'server.port': labels.server_port } : {}),
    ...(labels.db_system_name ? { 'db.system.name': labels.db_system_name } : {}),
    ...(peer === undefined ? {} : { 'peer.service': peer }),
  }
}

function pick(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(names.map((name) => [name, labels[name] ?? '']))
}
