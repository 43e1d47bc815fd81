import { bytes, count, percent, seconds } from '../detect/wording.ts'
import type { Bottleneck, Evidence, ProfileFrame } from '../model/bottleneck.ts'

/** The value of a placeholder of a text, as Markdown; undefined where this bottleneck has none. */
export function placeholderValue(bottleneck: Bottleneck, path: string): string | undefined {
  const [first = '', second, third] = path.split('.')
  if (first === 'evidence' && second !== undefined) {
    return evidenceValue(bottleneck.evidence[Number(second)], third)
  }
  if (first === 'impact') return impactValue(bottleneck, second)
  return PLAIN[first]?.(bottleneck)
}

/** Values of `db.system.name` whose statements are SQL (OpenTelemetry's semantic conventions). */
const SQL_DATABASES: ReadonlySet<string> = new Set([
  ...['postgresql', 'mysql', 'mariadb', 'sqlite', 'microsoft.sql_server', 'oracle.db'],
  ...['cockroachdb', 'ibm.db2', 'aws.redshift', 'clickhouse', 'trino', 'other_sql'],
])

const PLAIN: Readonly<Record<string, (bottleneck: Bottleneck) => string | undefined>> = {
  summary: ({ summary }) => oneLine(summary),
  component: ({ component }) => oneLine(component),
  operation: ({ operation }) => oneLine(operation),
  type: ({ type }) => type,
  severity: ({ severity }) => severity,
  service: ({ resource }) => oneLine(resource['service.name'] ?? resource['host.name'] ?? 'it'),
  instance: ({ resource }) => optional(resource['service.instance.id']),
  peer: ({ resource }) => optional(resource['peer.service']),
  database: ({ resource }) => optional(resource['db.system.name']),
  sql: ({ resource }) => {
    const database = resource['db.system.name'] ?? ''
    return SQL_DATABASES.has(database) ? database : undefined
  },
  frame: ({ profile }) => {
    const top = profile?.frames[0]
    return top === undefined ? undefined : frameText(top)
  },
  frames: ({ profile }) =>
    profile?.frames.map((frame) => `- ${percent(frame.share)}: ${frameText(frame)}`).join('\n'),
  evidence: ({ evidence }) => evidence.map(evidenceLine).join('\n'),
}

function impactValue({ impact }: Bottleneck, field: string | undefined): string | undefined {
  if (field === 'score') return String(impact.score)
  if (field === 'share') return percent(impact.share)
  if (field === 'formula') return impact.formula
  return impact.savingMs > 0 ? seconds(impact.savingMs / 1000) : undefined
}

function evidenceValue(row: Evidence | undefined, field: string | undefined): string | undefined {
  if (row === undefined) return undefined
  if (field === 'what') return oneLine(row.what)
  if (field === 'query') return oneLine(row.query)
  const value =
    field === 'threshold' ? row.threshold : field === 'baseline' ? row.baseline : row.value
  return value === undefined ? undefined : quantity(value, row.unit)
}

function evidenceLine({ what, query, value, unit, threshold, baseline }: Evidence): string {
  const bounds = [
    ...(threshold === undefined ? [] : [`threshold ${quantity(threshold, unit)}`]),
    ...(baseline === undefined ? [] : [`before ${quantity(baseline, unit)}`]),
  ]
  const beside = bounds.length === 0 ? '' : ` (${bounds.join(', ')})`
  return `- ${oneLine(what)}: **${quantity(value, unit)}**${beside}\n  \`${oneLine(query)}\``
}

/** A figure with its UCUM unit, for people. */
export function quantity(value: number, unit: string): string {
  if (unit === '1') return percent(value)
  if (unit === 's') return seconds(value)
  if (unit === 'By') return bytes(value)
  if (unit === 'By/s') return `${bytes(value)}/s`
  return unit === '{call}/s' || unit === '{request}/s' ? `${count(value)}/s` : count(value)
}

function frameText({ function: name, file, line }: ProfileFrame): string {
  const where = file === '' ? '' : ` (${oneLine(file)}:${line})`
  return `\`${oneLine(name)}\`${where}`
}

function optional(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : oneLine(text)
}

/** Names come from telemetry: one must not be able to end a code span or start a new paragraph. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('`', "'")
}
