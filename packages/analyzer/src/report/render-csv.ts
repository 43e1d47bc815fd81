import type { Labels } from '../model/labels.ts'
import type { PerformanceReport } from '../model/report.ts'

/**
 * The columns of the one table of a CSV report. `section` says what a row is:
 * `bottleneck` and `recommendation` (one row each), `evidence` (one row a figure; `id` is the
 * bottleneck's), `alert` (one row a transition; `status` is the state it went to), `component` and
 * `system` (one row a figure; `type` is the component's kind).
 */
const COLUMNS = [
  'section',
  'id',
  'type',
  'severity',
  'status',
  'service',
  'instance',
  'component',
  'operation',
  'text',
  'impact',
  'confidence',
  'saving_ms',
  'value',
  'unit',
  'threshold',
  'baseline',
  'since',
  'until',
  'query',
] as const

type Row = Partial<Record<(typeof COLUMNS)[number], string | number>>

/** What rows there are of a report, in their order. */
const SECTIONS = [bottleneckRows, recommendationRows, alertRows, componentRows, systemRows]

/** A report as CSV (RFC 4180: CRLF, quotes doubled), safe to open in a spreadsheet, line by line. */
export function* csvTexts(report: PerformanceReport): Generator<string> {
  yield `${COLUMNS.join(',')}\r\n`
  for (const rowsOf of SECTIONS) {
    for (const row of rowsOf(report)) {
      yield `${COLUMNS.map((column) => csvField(row[column])).join(',')}\r\n`
    }
  }
}

/**
 * One field. A text that begins like a formula (`=`, `+`, `-`, `@`, tab, return) gets an apostrophe, so
 * that a route name sent by a stranger does not run in a spreadsheet; numbers stay numbers.
 */
export function csvField(value: string | number | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : ''
  const inert = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}

function whose(resource: Labels): Row {
  return {
    service: resource['service.name'] ?? '',
    instance: resource['service.instance.id'] ?? resource['host.name'] ?? '',
  }
}

function bottleneckRows(report: PerformanceReport): Row[] {
  return report.bottlenecks.flatMap((one) => {
    const place = { ...whose(one.resource), component: one.component, operation: one.operation }
    const finding: Row = {
      section: 'bottleneck',
      id: one.id,
      type: one.type,
      severity: one.severity,
      status: one.status,
      ...place,
      text: one.summary,
      impact: one.impact.score,
      confidence: one.confidence,
      saving_ms: one.impact.savingMs,
      since: one.since,
      until: one.resolvedAt ?? '',
    }
    const evidence = one.evidence.map(
      ({ what, query, value, unit, threshold, baseline }): Row => ({
        section: 'evidence',
        id: one.id,
        type: one.type,
        ...place,
        text: what,
        value,
        unit,
        ...(threshold === undefined ? {} : { threshold }),
        ...(baseline === undefined ? {} : { baseline }),
        query,
      }),
    )
    return [finding, ...evidence]
  })
}

function recommendationRows(report: PerformanceReport): Row[] {
  return report.snapshot.recommendations.map((one) => ({
    section: 'recommendation',
    id: one.id,
    type: one.type,
    severity: one.severity,
    status: one.status,
    ...whose(one.resource),
    component: one.component,
    operation: one.operation,
    text: one.title,
    impact: one.impact.score,
    confidence: one.confidence,
    saving_ms: one.impact.savingMs,
    since: one.openedAt,
    until: one.resolvedAt ?? '',
  }))
}

function alertRows(report: PerformanceReport): Row[] {
  return report.alertHistory.map(({ alert, to, at }) => ({
    section: 'alert',
    id: alert.id,
    type: alert.name,
    severity: alert.severity,
    status: to,
    service: alert.labels.job ?? '',
    instance: alert.labels.instance ?? '',
    text: alert.annotations.summary ?? alert.annotations.description ?? '',
    value: alert.value,
    since: at,
    query: alert.query,
  }))
}

function componentRows(report: PerformanceReport): Row[] {
  return report.snapshot.components.flatMap((one) => {
    const figures: readonly (readonly [string, number, string])[] = [
      ['calls a second', one.ratePerSecond, '{call}/s'],
      ['error rate', one.errorRate, '1'],
      ['mean', one.meanSeconds, 's'],
      ['p50', one.p50Seconds, 's'],
      ['p95', one.p95Seconds, 's'],
      ['p99', one.p99Seconds, 's'],
    ]
    return figures.map(([text, value, unit]) => ({
      section: 'component',
      type: one.kind,
      ...whose(one.resource),
      component: one.component,
      operation: one.operation,
      text,
      value,
      unit,
    }))
  })
}

function systemRows(report: PerformanceReport): Row[] {
  return report.snapshot.systems.flatMap(({ resource, ...figures }) =>
    Object.entries(figures).map(([text, value]) => ({
      section: 'system',
      ...whose(resource),
      text,
      value,
      unit: /Bytes$/.test(text) ? 'By' : /Seconds$/.test(text) ? 's' : '1',
    })),
  )
}
