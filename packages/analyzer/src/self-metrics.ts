import type { ForwardCounts } from './forward/forward.ts'
import type { ReceiveStats } from './receive/receive-stats.ts'
import type { FindingSample } from './record-findings.ts'
import type { StoreStats } from './store/tenant-stores.ts'

/** What the analyzer counts of itself. */
export interface SelfMetricsSources {
  readonly version: string
  readonly receive: { readonly http: ReceiveStats; readonly grpc: ReceiveStats }
  readonly store: StoreStats
  /** Undefined before the first sample, and under the clock of the data. */
  readonly lagSeconds: number | undefined
  readonly webhooks: {
    readonly delivered: number
    readonly failedAttempts: number
    readonly dead: number
    readonly dropped: number
    readonly pending: number
  }
  readonly forward: ForwardCounts
  readonly findings: readonly FindingSample[]
}

type Row = readonly [
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: Iterable<readonly [labels: Readonly<Record<string, string>>, value: number]>,
]

/** The analyzer's own metrics as samples, without the findings: those are series already. */
export function* selfSamples(sources: SelfMetricsSources): Generator<{
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}> {
  for (const [name, , , samples] of rowsOf({ ...sources, findings: [] })) {
    for (const [labels, value] of samples) yield { name, labels, value }
  }
}

/** The analyzer's own metrics in Prometheus' text format 0.0.4. */
export function selfMetrics(sources: SelfMetricsSources): string {
  return rowsOf(sources).map(encodeRow).join('')
}

const one = (value: number) => [[{}, value]] as const

// biome-ignore format: a table is read by its columns
function rowsOf({ version, receive, store, lagSeconds, webhooks, forward, findings }: SelfMetricsSources): readonly Row[] {
  const by = (label: string, counts: ReadonlyMap<string, number>) =>
    [...counts].map(([key, value]) => [{ [label]: key }, value] as const)
  const impact = (name: FindingSample['name']) =>
    findings.filter((finding) => finding.name === name).map(({ labels, value }) => [labels, value] as const)
  const protocols = Object.entries(receive)
  const received = (of: (stats: ReceiveStats) => number) =>
    protocols.map(([protocol, stats]) => [{ protocol }, of(stats)] as const)
  return [
    ['chokepoint_build_info', 'gauge', 'The version of this analyzer; always 1.', [[{ version }, 1]]],
    ['chokepoint_receive_requests_total', 'counter', 'OTLP requests received, by protocol.', received((stats) => stats.requests)],
    ['chokepoint_receive_bytes_total', 'counter', 'Bytes of OTLP bodies as they arrived, by protocol.', received((stats) => stats.bytes)],
    ['chokepoint_receive_inflated_bytes_total', 'counter', 'Bytes of OTLP bodies after decompression, by protocol.', received((stats) => stats.inflatedBytes)],
    ['chokepoint_receive_refused_total', 'counter', 'OTLP requests refused whole, by protocol and error code.', protocols.flatMap(([protocol, stats]) => [...stats.refused].map(([code, count]) => [{ protocol, code }, count] as const))],
    ['chokepoint_store_requests_total', 'counter', 'Requests stored.', one(store.requests)],
    ['chokepoint_store_points_total', 'counter', 'Data points stored.', one(store.acceptedPoints)],
    ['chokepoint_store_rejected_points_total', 'counter', 'Data points rejected, by reason.', by('reason', store.rejections)],
    ['chokepoint_store_series', 'gauge', 'Active series of all tenants, as Prometheus counts them.', one(store.series)],
    ['chokepoint_store_memory_bytes', 'gauge', 'Memory of samples and indexes, outside of the JavaScript heap.', one(store.memoryBytes)],
    ...logRows(store.log),
    ['chokepoint_store_newest_sample_age_seconds', 'gauge', 'Ingest lag: how far the newest sample of the tenant that is furthest behind is from now.', lagSeconds === undefined ? [] : one(lagSeconds)],
    ['chokepoint_webhook_deliveries_total', 'counter', 'Webhook deliveries that ended, by outcome.', [[{ outcome: 'delivered' }, webhooks.delivered], [{ outcome: 'dead' }, webhooks.dead], [{ outcome: 'dropped' }, webhooks.dropped]]],
    ['chokepoint_webhook_failed_attempts_total', 'counter', 'Webhook delivery attempts that failed.', one(webhooks.failedAttempts)],
    ['chokepoint_webhook_pending', 'gauge', 'Webhook deliveries that wait.', one(webhooks.pending)],
    ['chokepoint_forward_requests_total', 'counter', 'Requests forwarded, by signal.', by('signal', forward.sent)],
    ['chokepoint_forward_dropped_total', 'counter', 'Requests not forwarded, by reason.', by('reason', forward.dropped)],
    ['chokepoint_forward_failed_attempts_total', 'counter', 'Attempts to forward that failed and are repeated.', one(forward.failedAttempts)],
    ['chokepoint_forward_queue_bytes', 'gauge', 'Space that requests take which wait to be forwarded.', one(forward.queueBytes)],
    ['chokepoint_bottleneck_impact', 'gauge', 'Impact of an active bottleneck, 0 to 100.', impact('chokepoint_bottleneck_impact')],
    ['chokepoint_recommendation_impact', 'gauge', 'Impact of an open recommendation, 0 to 100.', impact('chokepoint_recommendation_impact')],
    ['process_cpu_seconds_total', 'counter', 'Processor time of the analyzer.', one(cpuSeconds())],
    ['process_resident_memory_bytes', 'gauge', 'Resident memory of the analyzer.', one(process.memoryUsage.rss())],
  ]
}

// biome-ignore format: a table is read by its columns
function logRows(log: StoreStats['log']): readonly Row[] {
  if (log === undefined) return []
  return [
    ['chokepoint_log_bytes', 'gauge', 'Size of the log on disk.', one(log.bytes)],
    ['chokepoint_log_segments', 'gauge', 'Files of the log on disk.', one(log.segments)],
    ['chokepoint_log_fsyncs_total', 'counter', 'Times the log was forced to the disk.', one(log.fsyncs)],
    ['chokepoint_log_fsync_seconds_total', 'counter', 'Time spent forcing the log to the disk.', one(log.fsyncSeconds)],
    ['chokepoint_log_write_failures_total', 'counter', 'Writes of the log that failed.', one(log.writeFailures)],
    ['chokepoint_log_damaged_bytes_total', 'counter', 'Bytes of the log that were cut off because their checksum was wrong.', one(log.damagedBytes)],
  ]
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function encodeRow([name, type, help, samples]: Row): string {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
  for (const [labels, value] of samples) {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeValue(text)}"`)
    lines.push(`${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`)
  }
  return `${lines.join('\n')}\n`
}

function escapeValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
