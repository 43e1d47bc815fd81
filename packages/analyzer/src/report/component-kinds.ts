import type { Labels } from '../model/labels.ts'
import type { ComponentMetrics } from '../model/snapshot.ts'

/** One kind of component: the duration histogram it is read from, and what its labels mean. */
export interface ComponentKind {
  readonly kind: ComponentMetrics['kind']
  /** The histogram's Prometheus name, without `_bucket`, `_sum` or `_count`. */
  readonly metric: string
  /** Labels that tell one component or operation from another, beside `job` and `instance`. */
  readonly labels: readonly string[]
  readonly component: (labels: Labels) => string
  readonly operation: (labels: Labels) => string
}

/** The words that are there, with spaces between. */
function words(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(' ')
}

function hostPort(labels: Labels): string {
  const address = labels.server_address ?? ''
  const port = labels.server_port ?? ''
  return port === '' ? address : `${address}:${port}`
}

/** Where each kind of component is read from; the metrics are OpenTelemetry's after OTLP translation. */
export const COMPONENT_KINDS: readonly ComponentKind[] = [
  {
    kind: 'route',
    metric: 'http_server_request_duration_seconds',
    labels: ['http_route', 'http_request_method'],
    component: (labels) => labels.http_route || '(no route)',
    operation: (labels) => labels.http_request_method ?? '',
  },
  {
    kind: 'peer',
    metric: 'http_client_request_duration_seconds',
    labels: ['server_address', 'server_port', 'http_request_method'],
    component: (labels) => hostPort(labels) || '(no address)',
    operation: (labels) => labels.http_request_method ?? '',
  },
  {
    kind: 'route',
    metric: 'rpc_server_call_duration_seconds',
    labels: ['rpc_system_name', 'rpc_method'],
    component: (labels) => labels.rpc_method || '(no procedure)',
    operation: (labels) => labels.rpc_system_name ?? '',
  },
  {
    kind: 'peer',
    metric: 'rpc_client_call_duration_seconds',
    labels: ['rpc_system_name', 'rpc_method', 'server_address', 'server_port'],
    component: (labels) => words(labels.rpc_system_name, hostPort(labels)) || '(no address)',
    operation: (labels) => labels.rpc_method ?? '',
  },
  {
    kind: 'database',
    metric: 'db_client_operation_duration_seconds',
    labels: ['db_system_name', 'db_namespace', 'db_operation_name', 'db_collection_name'],
    component: (labels) => words(labels.db_system_name, labels.db_namespace) || '(database)',
    operation: (labels) => words(labels.db_operation_name, labels.db_collection_name),
  },
  {
    kind: 'messaging',
    metric: 'messaging_client_operation_duration_seconds',
    labels: ['messaging_system', 'messaging_destination_name', 'messaging_operation_name'],
    component: (labels) =>
      words(labels.messaging_system, labels.messaging_destination_name) || '(queue)',
    operation: (labels) => labels.messaging_operation_name ?? '',
  },
  {
    kind: 'messaging',
    metric: 'messaging_process_duration_seconds',
    labels: ['messaging_system', 'messaging_destination_name'],
    component: (labels) =>
      words(labels.messaging_system, labels.messaging_destination_name) || '(queue)',
    operation: () => 'process',
  },
  {
    kind: 'component',
    metric: 'component_operation_duration_seconds',
    labels: ['component_name', 'operation_name'],
    component: (labels) => labels.component_name || '(no name)',
    operation: (labels) => labels.operation_name ?? '',
  },
]
