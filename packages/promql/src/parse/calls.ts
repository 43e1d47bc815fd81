import type { SyntaxNode } from '@lezer/common'
import {
  AGGREGATES_WITH_PARAM,
  type Aggregate,
  type AggregateOp,
  type Call,
  EXPERIMENTAL_AGGREGATES,
} from '../ast.ts'
import { findFunction } from '../functions/catalog.ts'
import { quote } from '../go-format.ts'
import { type Conversion, childNodes, fail, spanOf, stringOf, textOf } from './conversion.ts'

/** `name(arguments)`. */
export function convertCall(conversion: Conversion, node: SyntaxNode): Call {
  const identifier = node.getChild('FunctionIdentifier')!
  const name = textOf(conversion, identifier)
  const fn = findFunction(name)
  if (fn === undefined) {
    fail(conversion, spanOf(identifier), `unknown function with name ${quote(name)}`)
  }
  if (fn.experimental && !conversion.experimental) {
    fail(conversion, spanOf(identifier), `function ${quote(name)} is not enabled`)
  }
  const args = convertArguments(conversion, node)
  return { kind: 'call', fn, args, span: spanOf(node) }
}

/** `sum by (label) (vector)`, `topk(3, vector)`. */
export function convertAggregate(conversion: Conversion, node: SyntaxNode): Aggregate {
  const op = textOf(conversion, node.getChild('AggregateOp')!).toLowerCase() as AggregateOp
  const modifier = node.getChild('AggregateModifier')
  const labels = modifier?.getChild('GroupingLabels')
  const grouping = labels == null ? [] : groupingLabels(conversion, labels)
  const args = convertArguments(conversion, node)
  const span = spanOf(node)
  if (args.length === 0) {
    fail(conversion, span, 'no arguments for aggregate expression provided')
  }
  if (EXPERIMENTAL_AGGREGATES.has(op) && !conversion.experimental) {
    fail(
      conversion,
      span,
      `${op}() is experimental and must be enabled with --enable-feature=promql-experimental-functions`,
    )
  }
  const wanted = AGGREGATES_WITH_PARAM.has(op) ? 2 : 1
  if (args.length !== wanted) {
    fail(
      conversion,
      span,
      `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`,
    )
  }
  return {
    kind: 'aggregate',
    op,
    expr: args[wanted - 1]!,
    param: wanted === 2 ? args[0]! : undefined,
    grouping,
    without: modifier?.getChild('Without') != null,
    span,
  }
}

function convertArguments(conversion: Conversion, node: SyntaxNode) {
  return childNodes(node.getChild('FunctionCallBody')!).map((arg) => conversion.expr(arg))
}

/** The names in `(a, "b c")`. */
export function groupingLabels(conversion: Conversion, node: SyntaxNode): string[] {
  return childNodes(node).map((child) => {
    if (child.name !== 'QuotedLabelName') return textOf(conversion, child)
    const name = stringOf(conversion, child.firstChild!)
    if (name === '') fail(conversion, spanOf(child), 'invalid label name for grouping: ""')
    return name
  })
}
