import type { BottleneckCandidate } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'

/** Says whether two bottlenecks are near enough for one to explain the other. */
export type Relation = (cause: BottleneckCandidate, symptom: BottleneckCandidate) => boolean

/** The same service, so the same code and the same processes. */
export const sameService: Relation = (cause, symptom) =>
  serviceOf(cause.resource) !== '' && serviceOf(cause.resource) === serviceOf(symptom.resource)

/** The cause is in the service that the symptom's service calls. */
export const inCallee: Relation = (cause, symptom) => {
  const callee = symptom.resource['peer.service']
  return callee !== undefined && callee === serviceOf(cause.resource)
}

/** The cause is that a service waits for its callee; the symptom is what the callee itself shows. */
export const seenByCaller: Relation = (cause, symptom) => inCallee(symptom, cause)

/** Both are about the same peer: the same address, or the same service behind it. */
export const sameDependency: Relation = (cause, symptom) =>
  sameService(cause, symptom) &&
  (shares(cause, symptom, 'server.address') || shares(cause, symptom, 'peer.service'))

/** The symptom is a slow database: that of the same service, or the same one used by another. */
export const sameDatabase: Relation = (cause, symptom) =>
  symptom.resource['db.system.name'] !== undefined &&
  (sameService(cause, symptom) ||
    (shares(cause, symptom, 'db.system.name') &&
      shares(cause, symptom, 'server.address') &&
      shares(cause, symptom, 'server.port')))

/** The same route of the same service; `GET /a` and `/a` are one route here. */
export const sameRoute: Relation = (cause, symptom) =>
  sameService(cause, symptom) && routeOf(cause) === routeOf(symptom)

/** The same machine. */
export const sameHost: Relation = (cause, symptom) => shares(cause, symptom, 'host.name')

/** The `job` of a resource, as OTLP's translation to Prometheus writes it. */
export function serviceOf(resource: Labels): string {
  const namespace = resource['service.namespace']
  const name = resource['service.name'] ?? ''
  return namespace ? `${namespace}/${name}` : name
}

function routeOf({ component }: BottleneckCandidate): string {
  return component.slice(Math.max(0, component.indexOf('/')))
}

function shares(a: BottleneckCandidate, b: BottleneckCandidate, name: string): boolean {
  const value = a.resource[name]
  return value !== undefined && value !== '' && value === b.resource[name]
}
