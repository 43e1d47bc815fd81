import type { Attributes } from '@opentelemetry/api'
import {
  DataPointType,
  type Histogram,
  type MetricData,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics'
import { prometheusLabel, prometheusName } from './metric-name.ts'

/** The two text formats that Prometheus scrapes. */
export type TextFormat = 'text' | 'openmetrics'

export const CONTENT_TYPES: Readonly<Record<TextFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

type FamilyType = 'counter' | 'gauge' | 'histogram'

interface Family {
  readonly type: FamilyType
  readonly header: string
  readonly lines: string[]
}

/** Metrics of one target, and who it is. */
export interface PrometheusMetrics {
  readonly resource: { readonly attributes: Attributes }
  readonly scopeMetrics: readonly ScopeMetrics[]
}

/**
 * Metrics as Prometheus text. Metrics of other scopes than `ownScope` carry the scope as labels. Of
 * two metrics with one name and two types the first is kept.
 */
export function toPrometheusText(
  { resource, scopeMetrics }: PrometheusMetrics,
  format: TextFormat,
  ownScope: string,
): string {
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  for (const { scope, metrics } of scopeMetrics) {
    const extra = scope.name === ownScope ? '' : scopeLabels(scope)
    for (const metric of metrics) addMetric(metric, { families, seen, format, extra })
  }
  const parts = [targetInfo(resource.attributes, format)]
  for (const { header, lines } of families.values()) parts.push(header, ...lines)
  if (format === 'openmetrics') parts.push('# EOF\n')
  return parts.join('')
}

interface Sink {
  readonly families: Map<string, Family>
  /** Series that are there: a second sample of one series would make the whole scrape fail. */
  readonly seen: Set<string>
  readonly format: TextFormat
  readonly extra: string
}

function addMetric(metric: MetricData, sink: Sink): void {
  const type = familyType(metric)
  const { name, unit } = prometheusName(metric)
  if (type === undefined || name === '') return
  const familyName = familyNameOf(name, type, sink.format)
  let family = sink.families.get(familyName)
  if (family === undefined) {
    const header = headerOf(familyName, { type, unit, help: metric.descriptor.description }, sink)
    family = { type, header, lines: [] }
    sink.families.set(familyName, family)
  }
  if (family.type !== type) return
  for (const { attributes, value } of metric.dataPoints) {
    const labels = join(labelText(attributes), sink.extra)
    const series = `${name}{${labels}`
    if (sink.seen.has(series)) continue
    sink.seen.add(series)
    if (typeof value === 'number') family.lines.push(sample(name, labels, value))
    else if ('buckets' in value) addHistogram(family.lines, { name, labels, value }, sink.format)
  }
}

function familyType(metric: MetricData): FamilyType | undefined {
  switch (metric.dataPointType) {
    case DataPointType.SUM:
      return metric.isMonotonic ? 'counter' : 'gauge'
    case DataPointType.GAUGE:
      return 'gauge'
    case DataPointType.HISTOGRAM:
      return 'histogram'
    default:
      // The text formats have no place for exponential histograms.
      return undefined
  }
}

/** In OpenMetrics the family of `x_total` is `x`; in the older text it is the sample's own name. */
function familyNameOf(name: string, type: FamilyType, format: TextFormat): string {
  return format === 'openmetrics' && type === 'counter' ? name.slice(0, -'_total'.length) : name
}

function headerOf(
  name: string,
  { type, unit, help }: { type: FamilyType; unit: string; help: string },
  { format }: Sink,
): string {
  const escaped = help.toWellFormed().replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  if (format === 'text') return `# HELP ${name} ${escaped}\n# TYPE ${name} ${type}\n`
  const openMetricsHelp = `# HELP ${name} ${escaped.replaceAll('"', '\\"')}\n`
  // "The unit [...] MUST be a suffix of the metric name".
  const unitLine = unit !== '' && name.endsWith(`_${unit}`) ? `# UNIT ${name} ${unit}\n` : ''
  return `# TYPE ${name} ${type}\n${unitLine}${openMetricsHelp}`
}

function addHistogram(
  lines: string[],
  { name, labels, value }: { name: string; labels: string; value: Histogram },
  format: TextFormat,
): void {
  const { boundaries, counts } = value.buckets
  const prefix = labels === '' ? '' : `${labels},`
  let total = 0
  for (const [index, boundary] of boundaries.entries()) {
    total += counts[index] ?? 0
    const bound = format === 'openmetrics' ? floatText(boundary) : numberText(boundary)
    lines.push(`${name}_bucket{${prefix}le="${bound}"} ${total}\n`)
  }
  lines.push(`${name}_bucket{${prefix}le="+Inf"} ${value.count}\n`)
  if (value.sum !== undefined) lines.push(sample(`${name}_sum`, labels, value.sum))
  lines.push(sample(`${name}_count`, labels, value.count))
}

function sample(name: string, labels: string, value: number): string {
  return labels === ''
    ? `${name} ${numberText(value)}\n`
    : `${name}{${labels}} ${numberText(value)}\n`
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}

/** OpenMetrics writes bounds as floats: 1 is `1.0`. */
function floatText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : numberText(value)
}

// The attributes of a series are one object for its whole life, so their text is made once.
const LABEL_TEXTS = new WeakMap<Attributes, string>()

function labelText(attributes: Attributes): string {
  const known = LABEL_TEXTS.get(attributes)
  if (known !== undefined) return known
  const values = new Map<string, string>()
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || attribute === '') continue
    const label = prometheusLabel(attribute)
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
    const other = values.get(label)
    // "the values of [colliding] keys MUST be concatenated together, separated by `;`"
    // (opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics)
    values.set(label, other === undefined ? text : `${other};${text}`)
  }
  const text = Array.from(values, ([label, value]) => `${label}="${escapeValue(value)}"`).join(',')
  LABEL_TEXTS.set(attributes, text)
  return text
}

function escapeValue(value: string): string {
  const clean = value.toWellFormed()
  if (!/[\\\n"]/.test(clean)) return clean
  return clean.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}

function scopeLabels({ name, version }: { name: string; version?: string }): string {
  const versionLabel = version === undefined ? '' : `,otel_scope_version="${escapeValue(version)}"`
  return `otel_scope_name="${escapeValue(name)}"${versionLabel}`
}

function join(labels: string, extra: string): string {
  return labels === '' || extra === '' ? labels + extra : `${labels},${extra}`
}

function targetInfo(attributes: Attributes, format: TextFormat): string {
  const family = format === 'openmetrics' ? 'target' : 'target_info'
  const type = format === 'openmetrics' ? 'info' : 'gauge'
  const header = `# HELP ${family} Who reports\n# TYPE ${family} ${type}\n`
  return `${header}target_info{${labelText(attributes)}} 1\n`
}
