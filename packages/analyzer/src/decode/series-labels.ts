import type { Attribute } from './attributes.ts'
import { toLabelName } from './label-name.ts'
import { type AttributeRename, attributeRenames } from './renames.ts'

/** A label's name and value. */
export type LabelPair = readonly [name: string, value: string]

/** Labels that a resource gives to all its series, and those of its `target_info`. */
export interface ResourceLabels {
  /** `job` and `instance`: they win over attributes of the same name. */
  readonly identity: readonly LabelPair[]
  /** Promoted attributes: an attribute of the point with the same name wins. */
  readonly promoted: readonly LabelPair[]
  /** All labels of `target_info`; empty when the resource has no identity or nothing to tell. */
  readonly targetInfo: readonly LabelPair[]
}

const IDENTIFYING = new Set(['service.name', 'service.namespace', 'service.instance.id'])

/** Resource attributes that become labels of every series; the rest is found through `target_info`. */
export const PROMOTED_ATTRIBUTES = new Set([
  'deployment.environment.name',
  'host.name',
  'k8s.namespace.name',
  'k8s.pod.name',
  'k8s.deployment.name',
  'k8s.node.name',
  'service.version',
])

/** Translates a resource's attributes as Prometheus' OTLP receiver does. */
export function toResourceLabels(attributes: readonly Attribute[]): ResourceLabels {
  const byKey = new Map(attributes)
  const identity: LabelPair[] = []
  const service = byKey.get('service.name')
  const namespace = byKey.get('service.namespace')
  const instance = byKey.get('service.instance.id')
  if (service !== undefined) {
    identity.push(['job', namespace === undefined ? service : `${namespace}/${service}`])
  }
  if (instance !== undefined) identity.push(['instance', instance])
  const promoted = joinLabels(attributes.filter(([key]) => PROMOTED_ATTRIBUTES.has(key)))
  const rest = joinLabels(attributes.filter(([key]) => !IDENTIFYING.has(key)))
  const told = identity.length > 0 && rest.size > 0
  return {
    identity,
    promoted: [...promoted],
    targetInfo: told ? [...overlay(rest, identity)] : [],
  }
}

/** The labels that a point's own attributes come to. */
export function toPointLabels(
  metric: string,
  attributes: readonly Attribute[],
): Map<string, string> {
  const renames = attributeRenames(metric)
  const current = renames.size === 0 ? attributes : attributes.map((pair) => rename(pair, renames))
  return joinLabels(current)
}

/** The labels of one series but its name: the point's attributes over the resource's. */
export function toSeriesLabels(
  metric: string,
  attributes: readonly Attribute[],
  resource: ResourceLabels,
): ReadonlyMap<string, string> {
  const labels = toPointLabels(metric, attributes)
  for (const [name, value] of resource.promoted) if (!labels.has(name)) labels.set(name, value)
  return overlay(labels, resource.identity)
}

function rename([key, value]: Attribute, renames: ReadonlyMap<string, AttributeRename>): Attribute {
  const row = renames.get(key)
  if (row === undefined) return [key, value]
  return [row.to, row.values?.[value] ?? value]
}

/** Keys that become the same label join their values by `;`, in the order of the keys. */
function joinLabels(attributes: readonly Attribute[]): Map<string, string> {
  const sorted = attributes.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const labels = new Map<string, string>()
  for (const [key, value] of sorted) {
    const name = toLabelName(key)
    if (name === '') continue
    const before = labels.get(name)
    labels.set(name, before === undefined ? value : `${before};${value}`)
  }
  return labels
}

function overlay(labels: Map<string, string>, over: readonly LabelPair[]): Map<string, string> {
  for (const [name, value] of over) labels.set(name, value)
  return labels
}
