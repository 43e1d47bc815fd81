import type { Thresholds } from '../config/schema.ts'
import { SEVERITIES, type Severity } from '../model/severity.ts'
import type { AlertingRule, RuleGroup } from './rule-file.ts'

type ThresholdName = Exclude<keyof Thresholds, 'minimumRate'>

/** One figure that a threshold watches. `expression` is PromQL over the names of the metric table. */
interface ThresholdRow {
  readonly threshold: ThresholdName
  readonly alert: string
  readonly expression: string
  /** The `humanize…` function for the value. */
  readonly shown: string
  readonly summary: string
  /** Config values are milliseconds where the metric's unit is seconds. */
  readonly scale?: number
  /** True when a route with next to no traffic must stay silent. */
  readonly needsTraffic?: boolean
}

const ROUTE = 'by (job, instance, http_request_method, http_route)'

// Rates look back four evaluations at the least, and cover a scrape or export that is a minute apart.
const WINDOW = '2m'

/** Several services may report one host, and a Collector reports hosts without any service. */
const HOST = '{{ with $labels.host_name }}{{ . }}{{ else }}{{ $labels.instance }}{{ end }}'

// biome-ignore format: a table is read by its columns
const THRESHOLD_TABLE: readonly ThresholdRow[] = [
  { threshold: 'cpu', alert: 'HostCpuHigh', shown: 'humanizePercentage', summary: `The processors of ${HOST} are {{ VALUE }} busy`,
    // The mean over processors of what is not idle; the Collector names the attribute `state` in old versions.
    expression: '1 - avg by (job, instance, host_name) (system_cpu_utilization_ratio{cpu_mode="idle"} or system_cpu_utilization_ratio{state="idle"})' },
  { threshold: 'cpu', alert: 'ProcessCpuHigh', shown: 'humanizePercentage', summary: '{{ $labels.job }} ({{ $labels.instance }}) takes {{ VALUE }} of the processors',
    expression: 'sum by (job, instance) (process_cpu_utilization_ratio)' },
  { threshold: 'memory', alert: 'HostMemoryHigh', shown: 'humanizePercentage', summary: `{{ VALUE }} of the memory of ${HOST} is in use`,
    expression: 'max by (job, instance, host_name) (system_memory_utilization_ratio{system_memory_state="used"} or system_memory_utilization_ratio{state="used"})' },
  { threshold: 'memory', alert: 'ContainerMemoryHigh', shown: 'humanizePercentage', summary: '{{ $labels.job }} ({{ $labels.instance }}) holds {{ VALUE }} of its container\'s memory limit',
    expression: 'max by (job, instance) (container_memory_working_set_bytes) / max by (job, instance) (container_memory_limit_bytes > 0)' },
  // Images that are mounted read-only are always full.
  { threshold: 'disk', alert: 'DiskFull', shown: 'humanizePercentage', summary: `The file system {{ $labels.system_filesystem_mountpoint }}{{ $labels.mountpoint }} of ${HOST} is {{ VALUE }} full`,
    expression: 'max by (job, instance, host_name, system_device, system_filesystem_mountpoint, device, mountpoint) (system_filesystem_utilization_ratio{system_filesystem_type!~"squashfs|iso9660|erofs", type!~"squashfs|iso9660|erofs"})' },
  { threshold: 'responseTime', alert: 'ResponseTimeHigh', shown: 'humanizeDuration', scale: 0.001, needsTraffic: true, summary: '5% of the requests to {{ $labels.http_request_method }} {{ $labels.http_route }} of {{ $labels.job }} take {{ VALUE }} or more',
    expression: `histogram_quantile(0.95, sum by (job, instance, http_request_method, http_route, le) (rate(http_server_request_duration_seconds_bucket[${WINDOW}])))` },
  { threshold: 'errorRate', alert: 'ErrorRateHigh', shown: 'humanizePercentage', needsTraffic: true, summary: '{{ VALUE }} of the requests to {{ $labels.http_request_method }} {{ $labels.http_route }} of {{ $labels.job }} fail',
    expression: `sum ${ROUTE} (rate(http_server_request_duration_seconds_count{http_response_status_code=~"5.."}[${WINDOW}])) / sum ${ROUTE} (rate(http_server_request_duration_seconds_count[${WINDOW}]))` },
]

/**
 * The thresholds of the configuration as one group of Prometheus rules: one rule for each figure and
 * severity, the severest first, so that a milder one of the same labels stays silent while a severer fires:
 * pending, so that it fires at once when the severer one is over and its own level was passed all the time.
 */
export function thresholdRules(thresholds: Thresholds): readonly RuleGroup[] {
  const rules = THRESHOLD_TABLE.flatMap((row) => rulesOf(row, thresholds))
  return rules.length === 0 ? [] : [{ file: 'thresholds', name: 'thresholds', limit: 0, rules }]
}

function rulesOf(row: ThresholdRow, thresholds: Thresholds): readonly AlertingRule[] {
  const threshold = thresholds[row.threshold]
  if (threshold === null) return []
  const severer: Severity[] = []
  return [...SEVERITIES].reverse().flatMap((severity): readonly AlertingRule[] => {
    const level = threshold[severity]
    if (level === null) return []
    const bound = level * (row.scale ?? 1)
    let expression = `${row.expression} > ${bound}`
    if (row.needsTraffic) {
      expression = `(${expression}) and sum ${ROUTE} (rate(http_server_request_duration_seconds_count[${WINDOW}])) >= ${thresholds.minimumRate}`
    }
    const rule = toAlertingRule(row, severity, bound, expression, threshold.forMs)
    const yieldsTo = [...severer]
    severer.push(severity)
    return [yieldsTo.length === 0 ? rule : { ...rule, yieldsTo }]
  })
}

function toAlertingRule(
  row: ThresholdRow,
  severity: Severity,
  bound: number,
  expression: string,
  forMs: number,
): AlertingRule {
  return {
    kind: 'alerting',
    name: row.alert,
    expression,
    forMs,
    keepFiringForMs: 0,
    labels: { severity, threshold: row.threshold },
    annotations: {
      summary: row.summary.replace('VALUE', `$value | ${row.shown}`),
      description: `The ${severity} level is {{ ${bound} | ${row.shown} }} (thresholds.${row.threshold} in the configuration).`,
    },
  }
}
