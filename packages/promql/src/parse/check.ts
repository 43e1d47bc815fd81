import {
  type Aggregate,
  type Binary,
  type Call,
  COMPARISON_OPS,
  type Expr,
  SET_OPS,
  type Subquery,
  typeOf,
  type Unary,
  type VectorSelector,
} from '../ast.ts'
import { parseError, type Span } from '../errors.ts'
import { quote } from '../go-format.ts'
import { METRIC_NAME } from '../label-set.ts'
import { compileValueTest } from '../matchers.ts'
import type { ValueType } from '../value-type.ts'

const DOCUMENTED_TYPES: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  vector: 'instant vector',
  matrix: 'range vector',
  string: 'string',
}

/**
 * Checks types, argument counts and selectors from the leaves up, in Prometheus' order and words,
 * and returns the tree with the matching of every operator settled.
 */
export function checkTypes(text: string, expr: Expr): Expr {
  return new Checker(text).check(expr)
}

class Checker {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  check(expr: Expr): Expr {
    switch (expr.kind) {
      case 'number':
      case 'string':
        return expr
      case 'vector':
        return this.#vector(expr, false)
      case 'matrix':
        return { ...expr, vector: this.#vector(expr.vector, false) }
      case 'paren':
        return { ...expr, expr: this.check(expr.expr) }
      case 'unary':
        return this.#unary(expr)
      case 'subquery':
        return this.#subquery(expr)
      case 'aggregate':
        return this.#aggregate(expr)
      case 'call':
        return this.#call(expr)
      case 'binary':
        return this.#binary(expr)
    }
  }

  #fail(span: Span, message: string): never {
    throw parseError(this.#text, span, message)
  }

  #expect(expr: Expr, wanted: ValueType, context: string): Expr {
    const checked = this.check(expr)
    const type = typeOf(checked)
    if (type !== wanted) {
      this.#fail(
        expr.span,
        `expected type ${DOCUMENTED_TYPES[wanted]} in ${context}, got ${DOCUMENTED_TYPES[type]}`,
      )
    }
    return checked
  }

  #vector(expr: VectorSelector, mayMatchAll: boolean): VectorSelector {
    if (expr.name !== '') {
      const again = expr.matchers.slice(0, -1).find((matcher) => matcher.name === METRIC_NAME)
      if (again !== undefined) {
        this.#fail(
          expr.span,
          `metric name must not be set twice: ${quote(expr.name)} or ${quote(again.value)}`,
        )
      }
    } else if (!mayMatchAll && expr.matchers.every((matcher) => compileValueTest(matcher)(''))) {
      this.#fail(expr.span, 'vector selector must contain at least one non-empty matcher')
    }
    return expr
  }

  #unary(expr: Unary): Unary {
    const inner = this.check(expr.expr)
    const type = typeOf(inner)
    if (type !== 'scalar' && type !== 'vector') {
      this.#fail(
        expr.span,
        `unary expression only allowed on expressions of type scalar or instant vector, got "${DOCUMENTED_TYPES[type]}"`,
      )
    }
    return { ...expr, expr: inner }
  }

  #subquery(expr: Subquery): Subquery {
    const inner = this.check(expr.expr)
    const type = typeOf(inner)
    if (type !== 'vector') {
      this.#fail(expr.span, `subquery is only allowed on instant vector, got ${type} instead`)
    }
    return { ...expr, expr: inner }
  }

  #aggregate(expr: Aggregate): Aggregate {
    const inner = this.#expect(expr.expr, 'vector', 'aggregation expression')
    if (expr.param === undefined) return { ...expr, expr: inner }
    const wanted = expr.op === 'count_values' ? 'string' : 'scalar'
    const param = this.#expect(expr.param, wanted, 'aggregation parameter')
    return { ...expr, expr: inner, param }
  }

  #call(expr: Call): Call {
    const { fn } = expr
    this.#argumentCount(expr)
    if (fn.name === 'info' && expr.args.length > 1) this.#infoSelector(expr)
    const args = expr.args.map((arg, index) => {
      const isInfoSelector = fn.name === 'info' && index === 1 && arg.kind === 'vector'
      const checked = isInfoSelector ? this.#vector(arg, true) : this.check(arg)
      const wanted = fn.args[Math.min(index, fn.args.length - 1)]!
      const type = typeOf(checked)
      if (type !== wanted) {
        this.#fail(
          arg.span,
          `expected type ${DOCUMENTED_TYPES[wanted]} in call to function "${fn.name}", got ${DOCUMENTED_TYPES[type]}`,
        )
      }
      return checked
    })
    return { ...expr, args }
  }

  #argumentCount(expr: Call): void {
    const { fn, args, span } = expr
    if (fn.variadic === 0) {
      if (args.length === fn.args.length) return
      this.#fail(
        span,
        `expected ${fn.args.length} argument(s) in call to "${fn.name}", got ${args.length}`,
      )
    }
    const least = fn.args.length - 1
    if (args.length < least) {
      this.#fail(
        span,
        `expected at least ${least} argument(s) in call to "${fn.name}", got ${args.length}`,
      )
    }
    const most = least + fn.variadic
    if (args.length > most) {
      this.#fail(
        span,
        `expected at most ${most} argument(s) in call to "${fn.name}", got ${args.length}`,
      )
    }
  }

  #infoSelector(expr: Call): void {
    const selector = expr.args[1]!
    const type = typeOf(selector)
    if (type !== 'vector') {
      this.#fail(
        expr.span,
        `expected type instant vector in call to function "info", got ${DOCUMENTED_TYPES[type]}`,
      )
    }
    if (selector.kind !== 'vector') this.#fail(selector.span, 'expected label selectors only')
    if (selector.name !== '') {
      this.#fail(selector.span, 'expected label selectors only, got vector selector instead')
    }
  }

  #binary(expr: Binary): Binary {
    const left = this.check(expr.left)
    const right = this.check(expr.right)
    const leftType = typeOf(left)
    const rightType = typeOf(right)
    const { op } = expr
    const between = this.#operatorSpan(left, right)
    if (expr.bool && !COMPARISON_OPS.has(op)) {
      this.#fail(between, 'bool modifier can only be used on comparison operators')
    }
    if (COMPARISON_OPS.has(op) && !expr.bool && leftType === 'scalar' && rightType === 'scalar') {
      this.#fail(between, 'comparisons between scalars must use BOOL modifier')
    }
    const matching = expr.matching!
    const shared = matching.on && matching.labels.find((label) => matching.include.includes(label))
    if (typeof shared === 'string') {
      this.#fail(between, `label "${shared}" must not occur in ON and GROUP clause at once`)
    }
    for (const [side, type] of [
      [left, leftType],
      [right, rightType],
    ] as const) {
      if (type !== 'scalar' && type !== 'vector') {
        this.#fail(side.span, 'binary expression must contain only scalar and instant vector types')
      }
    }
    if (leftType === 'vector' && rightType === 'vector') {
      return { ...expr, left, right, matching: this.#vectorMatching(expr) }
    }
    this.#scalarMatching(expr)
    return { ...expr, left, right, matching: undefined }
  }

  #vectorMatching(expr: Binary) {
    const matching = expr.matching!
    if (!SET_OPS.has(expr.op)) return matching
    if (matching.cardinality !== 'one-to-one') {
      this.#fail(expr.span, `no grouping allowed for "${expr.op}" operation`)
    }
    if (matching.fillLeft !== undefined || matching.fillRight !== undefined) {
      this.#fail(expr.span, 'filling in missing series not allowed for set operators')
    }
    return { ...matching, cardinality: 'many-to-many' as const }
  }

  #scalarMatching(expr: Binary): void {
    const matching = expr.matching!
    if (matching.labels.length > 0) {
      this.#fail(expr.span, 'vector matching only allowed between instant vectors')
    }
    if (matching.fillLeft !== undefined || matching.fillRight !== undefined) {
      this.#fail(expr.span, 'filling in missing series only allowed between instant vectors')
    }
    if (SET_OPS.has(expr.op)) {
      this.#fail(expr.span, `set operator "${expr.op}" not allowed in binary scalar expression`)
    }
  }

  /** The operator and its modifiers: what lies between the operands. */
  #operatorSpan(left: Expr, right: Expr): Span {
    const between = this.#text.slice(left.span.end, right.span.start)
    const start = left.span.end + between.length - between.trimStart().length
    return { start, end: left.span.end + between.trimEnd().length }
  }
}
