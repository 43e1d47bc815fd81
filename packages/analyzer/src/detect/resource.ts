import type { Labels } from '../model/labels.ts'

/** The resource that a series' `job`, `instance` and `host_name` stand for, as OTLP's translation made them. */
export function resourceOf(labels: Labels): Labels {
  const { job = '', instance = '', host_name: host = '' } = labels
  const slash = job.indexOf('/')
  return {
    ...(slash > 0 ? { 'service.namespace': job.slice(0, slash) } : {}),
    ...(job === '' ? {} : { 'service.name': job.slice(slash + 1) }),
    ...(instance === '' ? {} : { 'service.instance.id': instance }),
    ...(host === '' ? {} : { 'host.name': host }),
  }
}

/** A service's name in a sentence: what its `job` says, or that it did not say. */
export function serviceName(labels: Labels): string {
  return labels.job || 'an unnamed service'
}
