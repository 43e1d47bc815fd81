import type { Labels } from '../model/labels.ts'
import type { QuerySample } from '../model/query.ts'
import { executeTemplate } from './template-execute.ts'
import { parseTemplate } from './template-parse.ts'

/** What a template of a rule may ask. */
export interface TemplateData {
  /** `$labels`: those of the sample that raised the alert. */
  readonly labels: Labels
  readonly value: number
  readonly externalLabels: Labels
  readonly externalUrl: string
  readonly nowMs: number
  readonly query: (expression: string) => readonly QuerySample[]
}

/** A template that was read once, ready to be filled in. Throws an `Error` when it cannot be. */
export type Template = (data: TemplateData) => string

/**
 * Reads the subset of Go's text/template that Prometheus rule files use. Throws a `SyntaxError` with line
 * and column when the text is no template.
 */
export function compileTemplate(text: string): Template {
  // Most labels and annotations are plain text; they need no evaluation at all.
  if (!text.includes('{{')) return () => text
  const nodes = parseTemplate(text)
  return (data) => executeTemplate(nodes, data)
}
