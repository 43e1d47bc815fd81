import type { Expr } from './ast.ts'
import { print, printAggregateOp, printOperator, printSubquerySuffix } from './print.ts'

/** Expressions longer than this are split over lines. */
const LINE_MAX = 100

/** An expression over as many lines as it needs: what the API's `format_query` returns. */
export function prettyPrint(expr: Expr, level = 0): string {
  const line = print(expr)
  const margin = '  '.repeat(level)
  if (line.length <= LINE_MAX) return expr.kind === 'subquery' ? line : margin + line
  switch (expr.kind) {
    case 'aggregate': {
      const args = expr.param === undefined ? [expr.expr] : [expr.param, expr.expr]
      return `${margin}${printAggregateOp(expr)}(\n${lines(args, level)}\n${margin})`
    }
    case 'binary': {
      const left = prettyPrint(expr.left, level + 1)
      const right = prettyPrint(expr.right, level + 1)
      return `${left}\n${margin}${printOperator(expr)}\n${right}`
    }
    case 'call':
      return `${margin}${expr.fn.name}(\n${lines(expr.args, level)}\n${margin})`
    case 'paren':
      return `${margin}(\n${prettyPrint(expr.expr, level + 1)}\n${margin})`
    case 'subquery':
      return prettyPrint(expr.expr, level) + printSubquerySuffix(expr)
    case 'unary':
      return `${margin}${expr.op}${prettyPrint(expr.expr, level).trim()}`
    default:
      return margin + line
  }
}

function lines(args: readonly Expr[], level: number): string {
  return args.map((arg) => prettyPrint(arg, level + 1)).join(',\n')
}
