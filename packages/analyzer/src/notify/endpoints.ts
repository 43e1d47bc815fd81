import { matchesEvent, type WebhookConfig } from '../config/schema.ts'
import type { ChokepointEvent } from '../model/event.ts'
import { isAtLeast } from '../model/severity.ts'

/** Endpoints by name: the one they are given, or the host of their url, made distinct. */
export function namedEndpoints(
  endpoints: readonly WebhookConfig[],
): ReadonlyMap<string, WebhookConfig> {
  const named = new Map<string, WebhookConfig>()
  for (const endpoint of endpoints) {
    const base = endpoint.name ?? new URL(endpoint.url).host
    let name = base
    for (let count = 2; named.has(name); count++) name = `${base}-${count}`
    named.set(name, endpoint)
  }
  return named
}

/** True when an endpoint asked for events of this type and severity. */
export function wants(endpoint: WebhookConfig, event: ChokepointEvent): boolean {
  if (!endpoint.events.some((pattern) => matchesEvent(pattern, event.type))) return false
  return !('severity' in event.data) || isAtLeast(event.data.severity, endpoint.severity)
}
