import type { Labels } from '../model/labels.ts'

/**
 * The resource attributes that a series' labels stand for. OTLP's translation to Prometheus makes `job`
 * from `service.namespace/service.name` and `instance` from `service.instance.id`.
 */
export function resourceOf(labels: Labels): Labels {
  const resource: Record<string, string> = {}
  const job = labels.job ?? ''
  const slash = job.indexOf('/')
  if (slash > 0) resource['service.namespace'] = job.slice(0, slash)
  if (job !== '') resource['service.name'] = slash > 0 ? job.slice(slash + 1) : job
  if (labels.instance) resource['service.instance.id'] = labels.instance
  if (labels.host_name) resource['host.name'] = labels.host_name
  return resource
}

/** The service that a resource belongs to: its name, and its namespace where it has one. */
export function serviceOf(resource: Labels): Labels {
  const service: Record<string, string> = {}
  for (const key of ['service.namespace', 'service.name']) {
    const value = resource[key]
    if (value) service[key] = value
  }
  return service
}

/** One string for a label set, the same whatever the order of its names. */
export function labelsKey(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}
