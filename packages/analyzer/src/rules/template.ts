import type { TemplateData } from './template-data.ts'
import { executeTemplate } from './template-execute.ts'
import { parseTemplate } from './template-parse.ts'

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
