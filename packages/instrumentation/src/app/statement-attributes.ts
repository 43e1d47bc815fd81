import type { SpanRecordAttributes } from '../shared/messages.ts'
import { SPAN_KIND, textOf } from './span-view.ts'
import { isSql, statementShape } from './sql-shape.ts'

/** Where the conventions, new and old, have the text of a statement. */
const STATEMENTS = ['db.query.text', 'db.statement'] as const

/**
 * What a span may show. Instrumentations put an SQL statement into it as the driver sent it, values and all (that of
 * mysql2 even fills in parameters): it leaves the process as its shape.
 *
 * @param kind `SpanKind` of the span: what the app says of its own inner work is left alone
 */
export function shownAttributes(
  kind: number,
  attributes: SpanRecordAttributes,
): SpanRecordAttributes {
  if (kind !== SPAN_KIND.client) return attributes
  const system = textOf(attributes, 'db.system.name', 'db.system')
  if (system === undefined || !isSql(system)) return attributes
  const shown = { ...attributes }
  for (const key of STATEMENTS) {
    const statement = attributes[key]
    if (typeof statement === 'string') shown[key] = statementShape(statement, system).text
  }
  return shown
}
