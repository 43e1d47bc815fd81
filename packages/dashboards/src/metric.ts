import { METRIC_TABLE, type MetricRow } from '@chokepoint/instrumentation/metric-table'

/** What the analyzer says of itself and of its findings, by their names in Prometheus: `analyzer/src/self-metrics.ts`. */
const ANALYZER_METRICS = [
  'ALERTS',
  'chokepoint_build_info',
  'chokepoint_bottleneck_impact',
  'chokepoint_forward_dropped_total',
  'chokepoint_forward_queue_bytes',
  'chokepoint_forward_requests_total',
  'chokepoint_log_bytes',
  'chokepoint_log_fsync_seconds_total',
  'chokepoint_receive_bytes_total',
  'chokepoint_receive_refused_total',
  'chokepoint_receive_requests_total',
  'chokepoint_recommendation_impact',
  'chokepoint_store_memory_bytes',
  'chokepoint_store_newest_sample_age_seconds',
  'chokepoint_store_points_total',
  'chokepoint_store_rejected_points_total',
  'chokepoint_store_series',
  'chokepoint_webhook_deliveries_total',
  'chokepoint_webhook_pending',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
] as const

const ROWS = new Map(METRIC_TABLE.map((row) => [row.name, row]))

/**
 * The Prometheus name of a metric of ours, `http.server.request.duration` giving
 * `http_server_request_duration_seconds`. Throws when nobody emits that metric: a panel or a rule that
 * names it would stay empty for ever.
 */
export function metric(name: string): string {
  const row = ROWS.get(name)
  if (row === undefined) throw new Error(`cannot use metric ${name}: it is not in the metric table`)
  return prometheusName(row)
}

/** The name of something that the analyzer records itself. */
export function analyzerMetric(name: (typeof ANALYZER_METRICS)[number]): string {
  return name
}

/** Every name that a query here may use, with the suffixes of histograms. */
export function knownNames(): ReadonlySet<string> {
  const names = new Set<string>(['target_info', 'up', ...ANALYZER_METRICS])
  for (const row of METRIC_TABLE) {
    const name = prometheusName(row)
    if (row.kind !== 'histogram') names.add(name)
    else for (const suffix of ['_bucket', '_sum', '_count']) names.add(name + suffix)
  }
  return names
}

// Prometheus' translation of OTLP names, strategy UnderscoreEscapingWithSuffixes, for the units and the
// plain names of our own table: https://prometheus.io/docs/guides/opentelemetry/
const UNITS: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' }

function prometheusName({ name, unit, kind }: MetricRow): string {
  const suffix = UNITS[unit]
  const words = [name.replace(/[^a-zA-Z0-9]+/g, '_')]
  if (suffix !== undefined) words.push(suffix)
  if (kind === 'counter') words.push('total')
  if (kind === 'gauge' && unit === '1') words.push('ratio')
  return words.join('_')
}
