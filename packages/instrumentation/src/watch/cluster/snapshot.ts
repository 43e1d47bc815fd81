import { deserialize, serialize } from 'node:v8'
import type { Attributes } from '@opentelemetry/api'
import { DataPointType, type MetricData, type ScopeMetrics } from '@opentelemetry/sdk-metrics'
import { growingOnly, mergeScopes, withAttributes } from '../metrics/merge-scopes.ts'
import type { PrometheusMetrics } from '../prometheus/text-format.ts'

/** What one process of a cluster tells of itself. */
export interface Snapshot {
  /** The number of the worker, or `primary`. */
  readonly worker: string
  readonly attributes: Attributes
  readonly scopeMetrics: readonly ScopeMetrics[]
}

/** What those have counted that are gone, and who they were. */
export interface Gone {
  readonly names: readonly string[]
  readonly scopeMetrics: readonly ScopeMetrics[]
}

export const NOBODY_GONE: Gone = { names: [], scopeMetrics: [] }

/** Names that are remembered: of a crash loop only the newest matter. */
const NAMES_MAX = 500

/** Metrics of the machine: the same in each process. */
const OF_THE_MACHINE = /^(system|container)\./
/** Metrics that describe one process; a sum of them says nothing. */
const OF_ONE_PROCESS = /^(process|nodejs|v8js|chokepoint)\./

export function pack(value: Snapshot | Gone): Buffer {
  return serialize(value)
}

export function unpackSnapshot(bytes: Uint8Array): Snapshot {
  return deserialize(bytes) as Snapshot
}

export function unpackGone(bytes: Uint8Array | undefined): Gone {
  return bytes === undefined ? NOBODY_GONE : (deserialize(bytes) as Gone)
}

/** Adds what a member had counted to those that are gone. */
export function bury({ names, scopeMetrics }: Gone, name: string, last: Snapshot): Gone {
  const kept = growingOnly(withoutMachine(last.scopeMetrics))
  return {
    names: [...names, name].slice(-NAMES_MAX),
    scopeMetrics: mergeScopes([scopeMetrics, kept]),
  }
}

/**
 * A cluster as one: counters, histograms and the up-down counters of the app are added up; what describes one process,
 * and each gauge, has a label `worker`; the machine is told once.
 */
export function mergeCluster(
  [first, ...others]: readonly [Snapshot, ...Snapshot[]],
  gone: Gone,
): PrometheusMetrics {
  const parts = [first.scopeMetrics, ...others.map((other) => withoutMachine(other.scopeMetrics))]
  const workers = [first.worker, ...others.map(({ worker }) => worker)]
  const marked = parts.map((scopes, index) => {
    return mapMetrics(scopes, (metric) =>
      isOfOne(metric) ? withAttributes(metric, { worker: workers[index]! }) : metric,
    )
  })
  return {
    resource: { attributes: commonAttributes([first, ...others]) },
    scopeMetrics: mergeScopes([...marked, gone.scopeMetrics]),
  }
}

/** A cluster with each series by itself: all have a label `worker`, but for those of the machine. */
export function labelCluster([first, ...others]: readonly [
  Snapshot,
  ...Snapshot[],
]): PrometheusMetrics {
  const label = ({ worker, scopeMetrics }: Snapshot) =>
    mapMetrics(scopeMetrics, (metric) =>
      OF_THE_MACHINE.test(metric.descriptor.name) ? metric : withAttributes(metric, { worker }),
    )
  const rest = others.map((other) =>
    label({ ...other, scopeMetrics: withoutMachine(other.scopeMetrics) }),
  )
  return {
    resource: { attributes: commonAttributes([first, ...others]) },
    scopeMetrics: mergeScopes([label(first), ...rest]),
  }
}

function isOfOne({ descriptor, ...metric }: MetricData): boolean {
  if (OF_THE_MACHINE.test(descriptor.name)) return false
  if (metric.dataPointType === DataPointType.GAUGE) return true
  const grows = metric.dataPointType !== DataPointType.SUM || metric.isMonotonic
  return !grows && OF_ONE_PROCESS.test(descriptor.name)
}

function withoutMachine(scopes: readonly ScopeMetrics[]): ScopeMetrics[] {
  return scopes.map(({ scope, metrics }) => ({
    scope,
    metrics: metrics.filter(({ descriptor }) => !OF_THE_MACHINE.test(descriptor.name)),
  }))
}

function mapMetrics(
  scopes: readonly ScopeMetrics[],
  map: (metric: MetricData) => MetricData,
): ScopeMetrics[] {
  return scopes.map(({ scope, metrics }) => ({ scope, metrics: metrics.map(map) }))
}

/** Who reports, as far as all members agree: no number of a process, no instance. */
function commonAttributes([first, ...others]: readonly [Snapshot, ...Snapshot[]]): Attributes {
  const same = Object.entries(first.attributes).filter(([key, value]) =>
    others.every(({ attributes }) => attributes[key] === value),
  )
  return Object.fromEntries(same)
}
