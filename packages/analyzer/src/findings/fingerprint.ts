import { createHash } from 'node:crypto'
import type { BottleneckCandidate } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'

/** What of a resource says which thing it is: a service, wherever it runs, else a machine. */
function identityOf(resource: Labels): readonly string[] {
  const { 'service.namespace': namespace = '', 'service.name': name, 'host.name': host } = resource
  return name === undefined ? ['', '', host ?? ''] : [namespace, name, '']
}

/** The same parts give the same id, after a restart and on another machine. */
export function fingerprintOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

/**
 * The id of a bottleneck. The instance is not part of it: the same code is slow in all of them, and the
 * recommendation must live on when a new process with the fix comes up.
 */
export function bottleneckIdOf(candidate: BottleneckCandidate): string {
  const { type, resource, component, operation } = candidate
  return fingerprintOf([type, ...identityOf(resource), component, operation])
}

/** The id of the recommendation that a bottleneck leads to. */
export function recommendationIdOf(bottleneckId: string): string {
  return fingerprintOf(['recommendation', bottleneckId])
}
