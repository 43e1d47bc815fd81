import type { Alert } from '../model/alert.ts'
import type { Bottleneck } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'
import type { QueryFunc } from '../model/query.ts'
import type { Recommendation } from '../model/recommendation.ts'
import type { Severity } from '../model/severity.ts'
import type { PerformanceSnapshot } from '../model/snapshot.ts'
import { readComponents } from './components.ts'
import { labelsKey, serviceOf } from './resource.ts'
import { readSystems } from './systems.ts'

/** What a snapshot is made of: questions to the store, and what the findings know by themselves. */
export interface SnapshotSources {
  readonly query: QueryFunc
  readonly nowMs: number
  readonly windowMs: number
  readonly bottlenecks: readonly Bottleneck[]
  readonly recommendations: readonly Recommendation[]
  readonly alerts: readonly Alert[]
  /** How many series the store holds now. */
  readonly series: number
}

/** The state at `nowMs`: components over the last `windowMs`, systems and findings as they are now. */
export function takeSnapshot(sources: SnapshotSources): PerformanceSnapshot {
  const { query, nowMs, windowMs, bottlenecks, recommendations, alerts, series } = sources
  const components = readComponents(query, nowMs, windowMs)
  const systems = readSystems(query, nowMs)
  return {
    time: new Date(nowMs).toISOString(),
    health: healthOf(bottlenecks, alerts, series),
    services: servicesOf([...components, ...systems]),
    systems,
    components,
    bottlenecks,
    recommendations,
    alerts,
    series,
  }
}

/**
 * `unknown` when nothing reports; else the worst severity of the active bottlenecks and firing alerts,
 * where `info` does not count: information is not an illness. Pending alerts do not count either.
 */
export function healthOf(
  bottlenecks: readonly Bottleneck[],
  alerts: readonly Alert[],
  series: number,
): PerformanceSnapshot['health'] {
  if (series === 0) return 'unknown'
  const severities: Severity[] = [
    ...bottlenecks.filter((one) => one.status === 'active').map((one) => one.severity),
    ...alerts.filter((one) => one.state === 'firing').map((one) => one.severity),
  ]
  if (severities.includes('critical')) return 'critical'
  return severities.includes('warning') ? 'warning' : 'healthy'
}

function servicesOf(reporters: readonly { readonly resource: Labels }[]): Labels[] {
  const services = new Map<string, Labels>()
  for (const { resource } of reporters) {
    if (resource['service.name']) {
      const service = serviceOf(resource)
      services.set(labelsKey(service), service)
    }
  }
  return [...services].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, service]) => service)
}
