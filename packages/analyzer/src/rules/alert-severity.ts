import type { Severity } from '../model/severity.ts'

/** What rule files in the field write into the label `severity`, as our three levels. */
const SEVERITY_BY_LABEL: Readonly<Record<string, Severity>> = {
  info: 'info',
  information: 'info',
  none: 'info',
  low: 'info',
  warning: 'warning',
  warn: 'warning',
  medium: 'warning',
  critical: 'critical',
  error: 'critical',
  page: 'critical',
  high: 'critical',
  emergency: 'critical',
}

/** The severity of an alert by its label; a label that is absent or not known counts as a warning. */
export function severityOf(label: string | undefined): Severity {
  const word = label?.toLowerCase() ?? ''
  return Object.hasOwn(SEVERITY_BY_LABEL, word) ? (SEVERITY_BY_LABEL[word] as Severity) : 'warning'
}
