import type { Alert } from '../model/alert.ts'
import type { BottleneckCandidate } from '../model/bottleneck.ts'
import { serviceOf } from './relations.ts'

/** What an alert complains about, told by the metrics of its query; the first row that fits counts. */
const TOPICS: readonly { readonly topic: string; readonly query: RegExp }[] = [
  { topic: 'errors', query: /5\.\.|5\[0-9\]|error_type|_errors/ },
  { topic: 'latency', query: /duration_seconds|eventloop/ },
  { topic: 'memory', query: /memory|heap/ },
  { topic: 'cpu', query: /cpu/ },
  { topic: 'disk', query: /filesystem|disk/ },
  { topic: 'network', query: /network/ },
]

/** What a bottleneck of a type (or of a group of types) raises alerts about. */
const RAISED_BY: readonly { readonly type: RegExp; readonly topics: readonly string[] }[] = [
  { type: /^eventloop\.|^cpu\.|^host\.cpu/, topics: ['latency', 'cpu'] },
  { type: /^gc\.|^memory\.|^host\.memory/, topics: ['memory', 'latency', 'cpu'] },
  { type: /^errors\.|^dependency\.errors|^dependency\.retries/, topics: ['errors'] },
  { type: /^host\.disk/, topics: ['disk', 'latency'] },
  { type: /^host\.network/, topics: ['network', 'latency'] },
  { type: /^traffic\./, topics: ['latency', 'cpu', 'errors'] },
  { type: /./, topics: ['latency'] },
]

/** Whether a firing alert is how this bottleneck shows itself: same service, and about what it does. */
export function isAlertOf(alert: Alert, candidate: BottleneckCandidate): boolean {
  if (alert.state !== 'firing' || alert.labels.job !== serviceOf(candidate.resource)) return false
  const topic = TOPICS.find(({ query }) => query.test(alert.query))?.topic
  const raised = RAISED_BY.find(({ type }) => type.test(candidate.type))?.topics ?? []
  return topic !== undefined && raised.includes(topic)
}
