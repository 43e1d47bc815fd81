import type { Labels } from '../model/labels.ts'
import type { DetectContext } from './detector.ts'
import { resourceOf } from './resource.ts'

/**
 * Adds `host.name` to a resource: the machine of its instance, or of all instances of its service when they
 * are on one. The ledger needs it to tell what a machine does to what runs on it.
 */
export function readHosts({ query, nowMs }: DetectContext): (resource: Labels) => Labels {
  const info = 'group by (job, instance, host_name) (target_info{host_name!=""})'
  const rows = query(info, nowMs).map(({ labels }) => resourceOf(labels))
  return (resource) => {
    if (resource['host.name'] !== undefined) return resource
    const { 'service.instance.id': instance, 'service.name': name } = resource
    const hosts = rows
      .filter(
        (row) =>
          row['service.name'] === name &&
          row['service.namespace'] === resource['service.namespace'] &&
          (instance === undefined || row['service.instance.id'] === instance),
      )
      .map((row) => row['host.name'] ?? '')
    const [host] = hosts
    return host === undefined || new Set(hosts).size > 1
      ? resource
      : { ...resource, 'host.name': host }
  }
}
