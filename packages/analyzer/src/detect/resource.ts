import type { Labels } from '../model/labels.ts'

/** The resource that a series' `job` and `instance` stand for, as OTLP's translation made them. */
export function resourceOf(labels: Labels): Labels {
  const { job = '', instance = '' } = labels
  const slash = job.indexOf('/')
  return {
    ...(slash > 0 ? { 'service.namespace': job.slice(0, slash) } : {}),
    ...(job === '' ? {} : { 'service.name': job.slice(slash + 1) }),
    ...(instance === '' ? {} : { 'service.instance.id': instance }),
  }
}

/** A service's name in a sentence: what its `job` says, or that it did not say. */
export function serviceName(labels: Labels): string {
  return labels.job || 'an unnamed service'
}
