import type { Alert, Bottleneck, Evidence, Labels, Severity } from '@chokepoint/analyzer'
import { paint, type TextStyle } from '../terminal/output.ts'
import { adviceGist } from './advice.ts'
import type { Diagnosis } from './diagnosis.ts'
import { figure } from './figures.ts'
import { plainText, wrap } from './plain-text.ts'

const SEVERITY_STYLE: Readonly<Record<Severity, TextStyle>> = {
  info: 'cyan',
  warning: 'yellow',
  critical: 'red',
}

const INDENT = '   '
const LABEL_COLUMNS = 12
const EVIDENCE_MAX = 3
const FRAMES_MAX = 2

/** The diagnosis as lines for the given stream: causes by impact, each with evidence and advice. */
export function diagnosisLines(diagnosis: Diagnosis, stream: NodeJS.WriteStream): string[] {
  const { bottlenecks, alerts, services } = diagnosis
  const causes = bottlenecks.filter((bottleneck) => bottleneck.cause)
  const width = Math.min(stream.columns ?? 100, 110)
  return [
    paint(stream, 'bold', headline(causes.length, services)),
    ...causes.flatMap((cause, index) => [
      '',
      ...causeLines(cause, index + 1, diagnosis, stream, width),
    ]),
    ...(alerts.length === 0
      ? []
      : ['', paint(stream, 'bold', 'Alerts'), ...alertLines(alerts, stream)]),
  ]
}

function headline(count: number, services: readonly Labels[]): string {
  const names = [...new Set(services.map((labels) => labels['service.name'] ?? labels.job ?? '?'))]
  const seen = names.length === 0 ? 'nothing reported' : `seen: ${names.sort().join(', ')}`
  if (count === 0) return `No bottleneck found (${seen})`
  return `${count} bottleneck${count === 1 ? '' : 's'} found, by impact (${seen})`
}

function causeLines(
  cause: Bottleneck,
  place: number,
  { bottlenecks, recommendations }: Diagnosis,
  stream: NodeJS.WriteStream,
  width: number,
): string[] {
  const symptoms = bottlenecks.filter((other) => other.causes.includes(cause.id))
  const advice = recommendations.find((one) => one.bottleneck === cause.id)
  const severity = paint(stream, SEVERITY_STYLE[cause.severity], cause.severity)
  const gone = cause.status === 'resolved' ? ' (over now)' : ''
  const title = `${place}. ${paint(stream, 'bold', cause.type)} in ${serviceOf(cause.resource)}: ${cause.component}`
  const text = (label: string, lines: readonly string[]) => labelled(label, lines, stream)
  const room = width - INDENT.length - LABEL_COLUMNS
  return [
    `${title}  [${severity}, impact ${Math.round(cause.impact.score)}]${gone}`,
    ...wrap(cause.summary, width - INDENT.length).map((line) => INDENT + line),
    ...text('evidence', cause.evidence.slice(0, EVIDENCE_MAX).flatMap(evidenceLines)),
    ...text('blocked by', frameLines(cause)),
    ...text(
      'also seen',
      symptoms.flatMap(({ summary }) => wrap(summary, room)),
    ),
    ...(advice === undefined
      ? []
      : text('what to do', [
          ...wrap(plainText(advice.title), room),
          ...adviceGist(advice.text, cause.summary).flatMap((line) => wrap(line, room)),
        ])),
  ]
}

function evidenceLines({ what, value, unit, threshold, query }: Evidence): string[] {
  const limit = threshold === undefined ? '' : ` (limit ${figure(threshold, unit)})`
  return [`${what}: ${figure(value, unit)}${limit}`, `  ${query}`]
}

function frameLines({ profile }: Bottleneck): string[] {
  const frames = profile?.frames.slice(0, FRAMES_MAX) ?? []
  return frames.map(
    ({ function: name, file, line, share }) =>
      `${name} at ${file}:${line}, ${figure(share, '1')} of the stall`,
  )
}

function alertLines(alerts: readonly Alert[], stream: NodeJS.WriteStream): string[] {
  return alerts.map(({ name, severity, state, labels, annotations }) => {
    const told = annotations.summary ?? annotations.description ?? JSON.stringify(labels)
    return `${INDENT}${paint(stream, SEVERITY_STYLE[severity], severity)} ${name}, ${state === 'firing' ? 'firing' : 'over now'}: ${told}`
  })
}

function labelled(label: string, lines: readonly string[], stream: NodeJS.WriteStream): string[] {
  return lines.map((line, index) => {
    const shown = (index === 0 ? label : '').padEnd(LABEL_COLUMNS)
    return `${INDENT}${paint(stream, 'dim', shown)}${line}`
  })
}

function serviceOf(resource: Labels): string {
  return resource['service.name'] ?? resource.job ?? resource['host.name'] ?? 'the host'
}
