import type { Labels } from '../model/labels.ts'
import type { Threshold } from './detector.ts'

/** A kind of call that services make, and from when on it counts as slow. */
export interface DependencyKind {
  readonly kind: 'http' | 'rpc' | 'database'
  /** The histogram's name in PromQL, without `_bucket`, `_sum`, `_count`. */
  readonly metric: string
  /** The labels that tell one dependency from another, `job` first. */
  readonly by: readonly string[]
  readonly p95: Threshold
  readonly mean: Threshold
  readonly component: (labels: Labels) => string
  readonly operation: (labels: Labels) => string
}

/** The calls whose slowness is looked for. */
export const DEPENDENCY_KINDS: readonly DependencyKind[] = [
  {
    kind: 'http',
    metric: 'http_client_request_duration_seconds',
    by: ['job', 'server_address', 'server_port'],
    p95: {
      value: 0.3,
      unit: 's',
      reason:
        'a person notices a page that waits longer; a call within a data centre takes a tenth',
    },
    mean: {
      value: 0.15,
      unit: 's',
      reason: 'half of the p95 bound, so that a few stragglers alone do not count',
    },
    component: ({ server_address = 'an unnamed server', server_port }) =>
      server_port ? `${server_address}:${server_port}` : server_address,
    operation: () => 'HTTP requests',
  },
  {
    kind: 'rpc',
    metric: 'rpc_client_call_duration_seconds',
    by: ['job', 'rpc_system_name', 'rpc_method', 'server_address', 'server_port'],
    p95: {
      value: 0.3,
      unit: 's',
      reason: 'the bound of HTTP requests: who waits does not care how the question is put',
    },
    mean: {
      value: 0.15,
      unit: 's',
      reason: 'half of the p95 bound, so that a few stragglers alone do not count',
    },
    component: ({ rpc_system_name = 'rpc', rpc_method = '' }) =>
      words(rpc_system_name, rpc_method.split('/', 1)[0]),
    operation: ({ rpc_method = 'a remote procedure' }) => rpc_method,
  },
  {
    kind: 'database',
    metric: 'db_client_operation_duration_seconds',
    by: [
      'job',
      'db_system_name',
      'server_address',
      'server_port',
      'db_operation_name',
      'db_collection_name',
    ],
    p95: {
      value: 0.1,
      unit: 's',
      reason: 'an indexed query takes under 10 ms; ten times that is a scan, a lock or a queue',
    },
    mean: {
      value: 0.05,
      unit: 's',
      reason: 'half of the p95 bound, so that a few stragglers alone do not count',
    },
    component: ({ db_system_name = 'database', db_collection_name }) =>
      words(db_system_name, db_collection_name),
    operation: ({ db_operation_name = 'query', db_collection_name }) =>
      words(db_operation_name, db_collection_name),
  },
]

function words(...parts: readonly (string | undefined)[]): string {
  return parts.filter(Boolean).join(' ')
}
