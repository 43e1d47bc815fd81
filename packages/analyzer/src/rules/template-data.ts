import type { Labels } from '../model/labels.ts'
import type { QuerySample } from '../model/query.ts'

/** What a template of a rule may ask. */
export interface TemplateData {
  /** `$labels`: those of the sample that raised the alert. */
  readonly labels: Labels
  /** Of a native histogram its text. */
  readonly value: number | string
  readonly externalLabels: Labels
  readonly externalUrl: string
  readonly nowMs: number
  readonly query: (expression: string) => readonly QuerySample[]
}
