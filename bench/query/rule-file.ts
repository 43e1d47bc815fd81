const CPU_MODES = ['user', 'system', 'nice', 'idle', 'iowait', 'interrupt', 'steal']
const ROUTES = ['/', '/cart', '/checkout', '/orders/:id', '/products/:id', '/search']
const OPERATIONS = ['SELECT orders', 'SELECT products', 'INSERT orders', 'UPDATE stock']
const SPACES = ['new_space', 'old_space', 'code_space', 'large_object_space', 'trusted_space']
const WINDOWS = ['1m', '2m', '5m']

const SERVER = 'http_server_request_duration_seconds'
const DATABASE = 'db_client_operation_duration_seconds'

/** Expressions of `count` rules: a quarter each of rates, sums, quantiles and joins. */
export function ruleExpressions(count: number): readonly string[] {
  const kinds = [rates(), sums(), quantiles(), joins()]
  return Array.from({ length: count }, (_, i) => {
    const kind = kinds[i % kinds.length]!
    return kind[Math.floor(i / kinds.length) % kind.length]!
  })
}

/** A Prometheus rule file of one group with these expressions as recording rules. */
export function ruleFile(expressions: readonly string[], intervalSeconds: number): string {
  const rules = expressions.map((expr, i) => ({ record: `bench:rule_${i}`, expr }))
  return JSON.stringify({
    groups: [{ name: 'bench', interval: `${intervalSeconds}s`, rules }],
  })
}

function rates(): string[] {
  return [
    ...cross(
      CPU_MODES,
      WINDOWS,
      (mode, window) => `rate(system_cpu_time_seconds_total{cpu_mode="${mode}"}[${window}])`,
    ),
    ...WINDOWS.map((window) => `rate(system_network_io_bytes_total[${window}])`),
    ...WINDOWS.map((window) => `irate(system_disk_io_bytes_total[${window}])`),
    ...cross(
      ROUTES,
      WINDOWS,
      (route, window) => `rate(${SERVER}_count{http_route="${route}"}[${window}])`,
    ),
    ...OPERATIONS.map((query) => `increase(${DATABASE}_sum{db_operation_name="${query}"}[5m])`),
    'avg_over_time(nodejs_eventloop_utilization_ratio[5m])',
  ]
}

function sums(): string[] {
  return [
    ...cross(
      CPU_MODES,
      WINDOWS,
      (mode, window) =>
        `sum by (job) (rate(system_cpu_time_seconds_total{cpu_mode="${mode}"}[${window}]))`,
    ),
    ...WINDOWS.map((window) => `sum by (job, instance) (rate(${SERVER}_count[${window}]))`),
    ...WINDOWS.map(
      (window) =>
        `sum by (job, http_route) (rate(${SERVER}_count{http_response_status_code="500"}[${window}]))`,
    ),
    ...SPACES.map(
      (space) => `sum by (job) (v8js_memory_heap_used_bytes{v8js_heap_space_name="${space}"})`,
    ),
    ...WINDOWS.map(
      (window) => `sum without (system_device) (rate(system_disk_io_bytes_total[${window}]))`,
    ),
    'max by (job) (nodejs_eventloop_delay_p99_seconds)',
    'topk(10, process_memory_usage_bytes)',
    'count by (job) (system_memory_usage_bytes)',
    'sum by (job, le) (rate(http_server_request_duration_seconds_bucket[5m]))',
    ...OPERATIONS.map(
      (query) => `avg by (job) (rate(${DATABASE}_count{db_operation_name="${query}"}[5m]))`,
    ),
    ...WINDOWS.map(
      (window) =>
        `quantile by (job) (0.9, avg_over_time(nodejs_eventloop_utilization_ratio[${window}]))`,
    ),
  ]
}

function quantiles(): string[] {
  return [
    ...cross(
      ROUTES,
      ['0.5', '0.9', '0.95', '0.99'],
      (route, part) =>
        `histogram_quantile(${part}, sum by (job, le) (rate(${SERVER}_bucket{http_route="${route}"}[5m])))`,
    ),
    ...cross(
      OPERATIONS,
      ['0.5', '0.9', '0.95', '0.99'],
      (query, part) =>
        `histogram_quantile(${part}, sum by (job, db_operation_name, le) (rate(${DATABASE}_bucket{db_operation_name="${query}"}[5m])))`,
    ),
    ...WINDOWS.map(
      (window) =>
        `histogram_quantile(0.95, sum by (job, http_route, le) (rate(${SERVER}_bucket[${window}])))`,
    ),
    ...ROUTES.map(
      (route) =>
        `histogram_quantile(0.95, rate(${SERVER}_bucket{http_route="${route}",http_response_status_code="500"}[2m]))`,
    ),
    `histogram_quantile(0.95, sum by (le) (rate(${SERVER}_bucket[5m])))`,
  ]
}

function joins(): string[] {
  const ratio = (metric: string, matcher: string, by: string, window: string) =>
    `sum by (${by}) (rate(${metric}{${matcher}}[${window}])) / sum by (${by}) (rate(${metric}[${window}]))`
  return [
    ...WINDOWS.map((window) =>
      ratio(`${SERVER}_count`, 'http_response_status_code="500"', 'job, http_route', window),
    ),
    ...WINDOWS.map((window) =>
      ratio(`${DATABASE}_count`, 'error_type="timeout"', 'job, db_operation_name', window),
    ),
    ...cross(CPU_MODES, WINDOWS, (mode, window) =>
      ratio('system_cpu_time_seconds_total', `cpu_mode="${mode}"`, 'job, instance', window),
    ),
    ...WINDOWS.map((window) => `rate(${SERVER}_sum[${window}]) / rate(${SERVER}_count[${window}])`),
    ...WINDOWS.map(
      (window) => `rate(${DATABASE}_sum[${window}]) / rate(${DATABASE}_count[${window}]) > 0.01`,
    ),
    ...['used', 'free', 'cached', 'buffers'].map(
      (state) =>
        `system_memory_usage_bytes{system_memory_state="${state}"} / ignoring (system_memory_state) group_left sum without (system_memory_state) (system_memory_usage_bytes)`,
    ),
    ...SPACES.map(
      (space) =>
        `v8js_memory_heap_used_bytes{v8js_heap_space_name="${space}"} / on (job, instance) group_left process_memory_usage_bytes`,
    ),
    'nodejs_eventloop_utilization_ratio > 0.5 and on (job, instance) nodejs_eventloop_delay_p99_seconds > 0.5',
    'system_memory_usage_bytes * on (job, instance) group_left (host_name) target_info',
  ]
}

/** Twenty range queries as the panels of a service's dashboard ask them. */
export const DASHBOARD_QUERIES: readonly string[] = [
  `sum by (http_route) (rate(${SERVER}_count{job="shop/service-1"}[5m]))`,
  `sum by (job) (rate(${SERVER}_count[5m]))`,
  `sum by (http_route) (rate(${SERVER}_count{job="shop/service-1",http_response_status_code="500"}[5m]))`,
  ...['0.5', '0.95', '0.99'].map(
    (part) =>
      `histogram_quantile(${part}, sum by (le) (rate(${SERVER}_bucket{job="shop/service-1"}[5m])))`,
  ),
  `histogram_quantile(0.95, sum by (http_route, le) (rate(${SERVER}_bucket[5m])))`,
  `sum by (job) (rate(${SERVER}_sum[5m])) / sum by (job) (rate(${SERVER}_count[5m]))`,
  `histogram_quantile(0.95, sum by (db_operation_name, le) (rate(${DATABASE}_bucket{job="shop/service-1"}[5m])))`,
  `sum by (db_operation_name) (rate(${DATABASE}_count{job="shop/service-1"}[5m]))`,
  'sum by (cpu_mode) (rate(system_cpu_time_seconds_total[5m]))',
  'sum by (instance) (rate(system_cpu_time_seconds_total{job="shop/service-1",cpu_mode!="idle"}[5m]))',
  'sum by (job) (rate(system_network_io_bytes_total[5m]))',
  'rate(system_disk_io_bytes_total{job="shop/service-1"}[5m])',
  'system_memory_usage_bytes{job="shop/service-1",system_memory_state="used"}',
  'sum by (job) (process_memory_usage_bytes)',
  'nodejs_eventloop_utilization_ratio{job="shop/service-1"}',
  'max by (job) (nodejs_eventloop_delay_p99_seconds)',
  'sum by (v8js_heap_space_name) (v8js_memory_heap_used_bytes{job="shop/service-1"})',
  'topk(5, avg_over_time(nodejs_eventloop_utilization_ratio[5m]))',
]

function cross<A, B>(as: readonly A[], bs: readonly B[], join: (a: A, b: B) => string): string[] {
  return as.flatMap((a) => bs.map((b) => join(a, b)))
}
