import type { SyntaxNode } from '@lezer/common'
import type { Expr } from '../ast.ts'
import { parseError, type Span } from '../errors.ts'
import { quote } from '../go-format.ts'
import { unquote } from './unquote.ts'

/** What the steps from syntax tree to expression share. */
export interface Conversion {
  readonly text: string
  /** Experimental functions, modifiers and duration expressions are allowed. */
  readonly experimental: boolean
  /** Converts a whole sub-expression. */
  expr(node: SyntaxNode): Expr
}

/** The part of the query that a syntax node covers. */
export function spanOf(node: SyntaxNode): Span {
  return { start: node.from, end: node.to }
}

/** The text of a syntax node. */
export function textOf(conversion: Conversion, node: SyntaxNode): string {
  return conversion.text.slice(node.from, node.to)
}

/** Ends parsing with a message at a part of the query. */
export function fail(conversion: Conversion, span: Span, message: string): never {
  throw parseError(conversion.text, span, message)
}

/** The named children of a node, comments left out. */
export function childNodes(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== 'LineComment') children.push(child)
  }
  return children
}

/** The content of a string literal's node. */
export function stringOf(conversion: Conversion, node: SyntaxNode): string {
  const quoted = textOf(conversion, node)
  const content = unquote(quoted)
  if (content === undefined) {
    fail(conversion, spanOf(node), `error unquoting string ${quote(quoted)}: invalid syntax`)
  }
  return content
}
