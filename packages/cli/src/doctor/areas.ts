/** Something that the preload watches in a process, and the metric that shows that it does. */
export interface Area {
  readonly name: string
  readonly metric: string
  /** What to do when nothing of it was seen; absent where that is normal. */
  readonly whenAbsent?: string
}

/** What `doctor` looks for in each process, by the names that the analyzer stores. */
export const AREAS: readonly Area[] = [
  {
    name: 'HTTP requests in',
    metric: 'http_server_request_duration_seconds_count',
    whenAbsent:
      'no HTTP request came in while doctor watched: send some, or give it longer by --duration',
  },
  { name: 'HTTP calls out', metric: 'http_client_request_duration_seconds_count' },
  { name: 'database calls', metric: 'db_client_operation_duration_seconds_count' },
  { name: 'connection pools', metric: 'db_client_connection_count' },
  { name: 'messaging', metric: 'messaging_client_operation_duration_seconds_count' },
  { name: 'remote procedures called', metric: 'rpc_client_call_duration_seconds_count' },
  { name: 'components of the app', metric: 'component_operation_duration_seconds_count' },
  { name: 'where requests wait', metric: 'request_time_split_seconds_count' },
  {
    name: 'event loop',
    metric: 'nodejs_eventloop_utilization_ratio',
    whenAbsent: 'the process ended before its first export, or its event loop was never free',
  },
  { name: 'worker threads', metric: 'nodejs_worker_count' },
  { name: 'garbage collection', metric: 'v8js_gc_duration_seconds_count' },
  { name: 'process', metric: 'process_memory_usage_bytes' },
  { name: 'host', metric: 'system_memory_usage_bytes' },
]
