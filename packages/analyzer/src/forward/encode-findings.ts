import type { ChokepointEvent } from '../model/event.ts'
import type { Labels } from '../model/labels.ts'
import type { Severity } from '../model/severity.ts'

/** A finding as a figure with labels; `job` and `instance` say whose it is. */
export interface FindingGauge {
  readonly name: string
  readonly labels: Labels
  readonly value: number
}

// "Numerical value of the severity": INFO, WARN, ERROR.
// https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
const SEVERITY_NUMBERS: Readonly<Record<Severity, number>> = { info: 9, warning: 13, critical: 17 }

/** Findings as an OTLP request of gauges, in JSON; their resource is the service that they are about. */
export function encodeFindings(
  findings: readonly FindingGauge[],
  nowMs: number,
  version: string,
): Uint8Array {
  const resourceMetrics = findings.map(({ name, labels, value }) => {
    const { job = '', instance = '', ...attributes } = labels
    const point = {
      attributes: attributesOf(attributes),
      timeUnixNano: nanos(nowMs),
      asDouble: value,
    }
    // Prometheus writes the dots back as underscores: the same names as on the analyzer's own /metrics.
    const metric = { name: name.replaceAll('_', '.'), gauge: { dataPoints: [point] } }
    return {
      resource: resourceOf({ 'service.name': job, 'service.instance.id': instance }),
      scopeMetrics: [{ scope: { name: 'chokepoint', version }, metrics: [metric] }],
    }
  })
  return Buffer.from(JSON.stringify({ resourceMetrics }))
}

/** One event as an OTLP request of a log record, in JSON: `chokepoint.<type>`, its body the event's data. */
export function encodeEvent(event: ChokepointEvent, nowMs: number, version: string): Uint8Array {
  const { type, timestamp, data } = event
  const severity = 'severity' in data ? data.severity : undefined
  const record = {
    timeUnixNano: nanos(Date.parse(timestamp)),
    observedTimeUnixNano: nanos(nowMs),
    eventName: `chokepoint.${type}`,
    ...(severity && { severityNumber: SEVERITY_NUMBERS[severity], severityText: severity }),
    body: { stringValue: JSON.stringify(data) },
  }
  const resource = resourceOf('resource' in data ? data.resource : { 'service.name': 'chokepoint' })
  const scopeLogs = [{ scope: { name: 'chokepoint', version }, logRecords: [record] }]
  return Buffer.from(JSON.stringify({ resourceLogs: [{ resource, scopeLogs }] }))
}

function resourceOf(attributes: Labels) {
  return { attributes: attributesOf(attributes) }
}

function attributesOf(labels: Labels) {
  return Object.entries(labels)
    .filter(([, value]) => value !== '')
    .map(([key, stringValue]) => ({ key, value: { stringValue } }))
}

function nanos(timeMs: number): string {
  return String(BigInt(Math.round(timeMs)) * 1_000_000n)
}
