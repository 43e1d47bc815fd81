import type { BottleneckCandidate } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'
import type { ConditionRow } from './condition-schema.ts'
import type { DetectContext, DetectorRow } from './detector.ts'
import { measure } from './evidence.ts'
import { impactOf } from './impact.ts'
import { resourceOf } from './resource.ts'

/** Labels that a resource is told by; they do not say which component it is. */
const RESOURCE_LABELS = new Set(['__name__', 'job', 'instance', 'host_name'])
const RESOLVE_MS = 60_000

/** The catalogue's row for a condition that a user wrote. */
export function conditionDetector(row: ConditionRow): DetectorRow {
  const { type, title, threshold, unit, reason } = row
  return {
    type,
    title,
    thresholds: { value: { value: threshold, unit, reason } },
    confirmMs: row.for,
    resolveMs: Math.max(RESOLVE_MS, row.for),
    detect: (context) =>
      context
        .query(row.value, context.nowMs)
        .filter(({ value }) => value >= threshold)
        .map(({ labels, value }) => (own) => [describe(own, row, labels, value)]),
  }
}

function describe(
  context: DetectContext,
  row: ConditionRow,
  labels: Labels,
  value: number,
): BottleneckCandidate {
  const { type, severity, component, threshold, unit, title } = row
  const named = Object.entries(labels).filter(([name]) => !RESOURCE_LABELS.has(name))
  return {
    type,
    severity,
    resource: resourceOf(labels),
    component: filled(component, labels, value),
    operation: named.map(([name, of]) => `${name}=${of}`).join(' '),
    summary: filled(row.summary, labels, value),
    impact: impactOf({
      severity,
      // How far over the threshold: twice as much is half, ten times as much is nine tenths.
      share: {
        value: value > 0 ? 1 - threshold / value : 0,
        of: 'the value is over its threshold',
      },
      reach: { value: 1, of: 'what it measures' },
    }),
    confidence: 0.8,
    evidence: measure(context, [{ what: title, query: only(row.value, labels), unit, threshold }]),
  }
}

/** PromQL for the one element of an expression's answer that has these labels. */
function only(expression: string, labels: Labels): string {
  const entries = Object.entries(labels).filter(([name]) => name !== '__name__')
  const element = entries.reduce(
    (inner, [name, value]) =>
      `label_replace(${inner}, ${JSON.stringify(name)}, ${JSON.stringify(value.replaceAll('$', '$$$$'))}, "", "")`,
    'vector(1)',
  )
  return `(${expression}) and on (${entries.map(([name]) => name).join(', ')}) ${element}`
}

function filled(text: string, labels: Labels, value: number): string {
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) =>
    name === 'value' ? String(Number(value.toPrecision(4))) : (labels[name] ?? ''),
  )
}
