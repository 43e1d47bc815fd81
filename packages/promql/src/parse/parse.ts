import type { SyntaxNode, Tree } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import type { Expr } from '../ast.ts'
import { PromqlError } from '../errors.ts'
import { convertAggregate, convertCall } from './calls.ts'
import { checkTypes } from './check.ts'
import { type Conversion, childNodes, fail, spanOf, stringOf } from './conversion.ts'
import { convertOperators, isOperatorNode } from './operators.ts'
import { convertVectorSelector } from './selectors.ts'
import { lexicalError, syntaxError } from './syntax-error.ts'

export interface ParseOptions {
  /** Allows experimental functions, aggregations and modifiers. Default false, as in Prometheus. */
  readonly experimental?: boolean
}

/** Deeper parentheses and calls than this are refused before the tree is walked. */
const NESTING_MAX = 500

/** Parses a PromQL expression and checks its types. Throws a {@link PromqlError} that says where. */
export function parse(text: string, options: ParseOptions = {}): Expr {
  const lexical = lexicalError(text)
  if (lexical !== undefined) throw lexical
  const tree = parseTree(text)
  const conversion: Conversion = {
    text,
    experimental: options.experimental ?? false,
    expr: nested((node) => convert(conversion, node)),
  }
  const top = childNodes(tree.topNode).at(0)
  if (top === undefined) throw syntaxError(text, 0)
  return checkTypes(text, conversion.expr(top))
}

/** Counts how deep conversions of sub-expressions stand in each other. */
function nested(convertNode: (node: SyntaxNode) => Expr): (node: SyntaxNode) => Expr {
  let depth = 0
  return (node) => {
    if (++depth > NESTING_MAX) {
      throw new PromqlError(
        'too_deep',
        `cannot parse the query: it is nested more than ${NESTING_MAX} levels deep`,
      )
    }
    const expr = convertNode(node)
    depth--
    return expr
  }
}

// What Prometheus parses and the grammar does not, and what of the same length stands in for it:
// the trees are the same, and names and numbers are read from the query's own text.
const GRAMMAR_GAPS: readonly (readonly [RegExp, (found: string) => string])[] = [
  [/(?<![\w:])(?:step|range|min_of|max_of)(?=\s*\()/gi, (name) => name.toLowerCase()],
  [/(?<![\w:.])\d[\d_]*\.(?!\d)/g, (number) => `${number.slice(0, -1)}0`],
]
// As functions max_of and min_of are not known either.
const UNKNOWN_FUNCTIONS = /(?<![\w:])(?:max_of|min_of)(?=\s*\()/g

function parseTree(text: string): Tree {
  const tree = parser.parse(text)
  if (firstError(tree) === undefined) return tree
  let bridged = text
  for (const [gap, standIn] of GRAMMAR_GAPS) bridged = bridged.replaceAll(gap, standIn)
  for (const candidate of [bridged, bridged.replaceAll(UNKNOWN_FUNCTIONS, 'minute')]) {
    if (candidate === text) continue
    const again = parser.parse(candidate)
    if (firstError(again) === undefined) return again
  }
  const offset = firstError(tree)!
  throw chainTooLong(text, offset) ?? syntaxError(text, offset)
}

/** The grammar's parser gives up in chains from this length on, of some operators later. */
const OPERATORS_MAX = 500
const OPERATOR = /[-+*/%^]|[=!<>]=|[<>]|\b(?:and|or|unless|atan2)\b/gi

function chainTooLong(text: string, offset: number): PromqlError | undefined {
  const operators = text.slice(0, offset).match(OPERATOR)?.length ?? 0
  if (operators < OPERATORS_MAX) return undefined
  return new PromqlError(
    'too_deep',
    `cannot parse the query: more than ${OPERATORS_MAX} operators in a row; put parts of it in parentheses`,
  )
}

function firstError(tree: Tree): number | undefined {
  let found: number | undefined
  tree.iterate({
    enter: (node) => {
      if (node.type.isError && (found === undefined || node.from < found)) found = node.from
    },
  })
  return found
}

function convert(conversion: Conversion, node: SyntaxNode): Expr {
  if (isOperatorNode(conversion, node) || node.name === 'NumberDurationLiteral') {
    return convertOperators(conversion, node, (operand) => convertOperand(conversion, operand))
  }
  return convertOperand(conversion, node)
}

function convertOperand(conversion: Conversion, node: SyntaxNode): Expr {
  switch (node.name) {
    case 'VectorSelector':
      return convertVectorSelector(conversion, node)
    case 'FunctionCall':
      return convertCall(conversion, node)
    case 'AggregateExpr':
      return convertAggregate(conversion, node)
    case 'StringLiteral':
      return { kind: 'string', value: stringOf(conversion, node), span: spanOf(node) }
    case 'ParenExpr': {
      const expr = conversion.expr(childNodes(node)[0]!)
      return { kind: 'paren', expr, span: spanOf(node) }
    }
    default:
      return fail(conversion, spanOf(node), `unexpected ${node.name}`)
  }
}
