/** One chart of the page and the report. `$range` in the query stands for the rate window. */
export interface ChartRow {
  readonly id: string
  readonly title: string
  /** UCUM; the page and the report format values by it. */
  readonly unit: string
  readonly query: string
}

/** The key charts, in the order they are shown: what users feel first, what holds it back after. */
export const CHART_ROWS: readonly ChartRow[] = [
  {
    id: 'rate',
    title: 'Request rate',
    unit: '{request}/s',
    query: 'sum by (job) (rate(http_server_request_duration_seconds_count[$range]))',
  },
  {
    id: 'p95',
    title: 'Response time, p95',
    unit: 's',
    query:
      'histogram_quantile(0.95, sum by (le, job) (rate(http_server_request_duration_seconds_bucket[$range])))',
  },
  {
    id: 'errors',
    title: 'Error rate',
    unit: '1',
    // Services without a failure have no series on the left side; `or` gives them their zero.
    query:
      '(sum by (job) (rate(http_server_request_duration_seconds_count{error_type!=""}[$range])) or 0 * sum by (job) (rate(http_server_request_duration_seconds_count[$range]))) / sum by (job) (rate(http_server_request_duration_seconds_count[$range]))',
  },
  {
    id: 'database',
    title: 'Database calls, p95',
    unit: 's',
    query:
      'histogram_quantile(0.95, sum by (le, job) (rate(db_client_operation_duration_seconds_bucket[$range])))',
  },
  {
    id: 'eventloop',
    title: 'Event loop utilization',
    unit: '1',
    query: 'max by (job) (nodejs_eventloop_utilization_ratio)',
  },
  {
    id: 'eventloop-delay',
    title: 'Event loop delay, p99',
    unit: 's',
    query: 'max by (job) (nodejs_eventloop_delay_p99_seconds)',
  },
  {
    id: 'cpu',
    title: 'Process CPU',
    unit: '1',
    query: 'sum by (job) (process_cpu_utilization_ratio)',
  },
  {
    id: 'memory',
    title: 'Process memory',
    unit: 'By',
    query: 'sum by (job) (process_memory_usage_bytes)',
  },
  {
    id: 'heap',
    title: 'Heap in use',
    unit: 'By',
    query: 'sum by (job) (v8js_memory_heap_used_bytes)',
  },
]
