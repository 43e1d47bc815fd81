import type { Span } from './errors.ts'
import type { FunctionSignature } from './functions/catalog.ts'
import type { Matcher } from './series-source.ts'
import type { ValueType } from './value-type.ts'

export type AggregateOp =
  | 'sum'
  | 'avg'
  | 'count'
  | 'min'
  | 'max'
  | 'group'
  | 'stddev'
  | 'stdvar'
  | 'topk'
  | 'bottomk'
  | 'quantile'
  | 'count_values'
  | 'limitk'
  | 'limit_ratio'

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2'
export type ComparisonOp = '==' | '!=' | '>' | '<' | '>=' | '<='
export type SetOp = 'and' | 'or' | 'unless'
/** Cuts a native histogram at a value: `</` keeps what is below, `>/` what is above. */
export type TrimOp = '</' | '>/'
export type BinaryOp = ArithmeticOp | ComparisonOp | SetOp | TrimOp

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Call
  | Aggregate
  | Binary
  | Unary
  | Paren

export interface NumberLiteral {
  readonly kind: 'number'
  readonly value: number
  /** Written as a duration: `5m` is 300. */
  readonly duration: boolean
  readonly span: Span
}

export interface StringLiteral {
  readonly kind: 'string'
  readonly value: string
  readonly span: Span
}

/** An instant: milliseconds since 1970, or the start or end of the whole query. */
export type AtModifier = number | 'start' | 'end'

export interface VectorSelector {
  readonly kind: 'vector'
  /** The name before the braces; empty when there is none. */
  readonly name: string
  /** All matchers; the one for `name` is last. */
  readonly matchers: readonly Matcher[]
  readonly offset: Duration
  readonly at: AtModifier | undefined
  readonly extended: 'anchored' | 'smoothed' | undefined
  readonly span: Span
}

export interface MatrixSelector {
  readonly kind: 'matrix'
  readonly vector: VectorSelector
  readonly range: Duration
  readonly span: Span
}

export interface Subquery {
  readonly kind: 'subquery'
  readonly expr: Expr
  readonly range: Duration
  /** Absent: the engine's default step. */
  readonly step: Duration | undefined
  readonly offset: Duration
  readonly at: AtModifier | undefined
  readonly span: Span
}

export interface Call {
  readonly kind: 'call'
  readonly fn: FunctionSignature
  readonly args: readonly Expr[]
  readonly span: Span
}

export interface Aggregate {
  readonly kind: 'aggregate'
  readonly op: AggregateOp
  readonly expr: Expr
  /** k of topk, q of quantile, label of count_values. */
  readonly param: Expr | undefined
  readonly grouping: readonly string[]
  readonly without: boolean
  readonly span: Span
}

export interface Binary {
  readonly kind: 'binary'
  readonly op: BinaryOp
  readonly left: Expr
  readonly right: Expr
  /** Compare to 0 or 1 instead of filtering. */
  readonly bool: boolean
  /** Only between two vectors. */
  readonly matching: VectorMatching | undefined
  readonly span: Span
}

/** How the series of two vectors find each other. */
export interface VectorMatching {
  readonly cardinality: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many'
  /** `on(labels)`; else `ignoring(labels)`. */
  readonly on: boolean
  readonly labels: readonly string[]
  /** Labels that `group_left` or `group_right` takes from the "one" side. */
  readonly include: readonly string[]
  /** The value of a missing series on the left and on the right. */
  readonly fillLeft: number | undefined
  readonly fillRight: number | undefined
}

export interface Unary {
  readonly kind: 'unary'
  readonly op: '+' | '-'
  readonly expr: Expr
  readonly span: Span
}

export interface Paren {
  readonly kind: 'paren'
  readonly expr: Expr
  readonly span: Span
}

/** A time span: milliseconds, or an expression over durations that the query's step and range decide. */
export type Duration = number | DurationExpr

export type DurationExpr =
  | {
      readonly kind: 'seconds'
      readonly value: number
      readonly duration: boolean
      readonly span: Span
    }
  | { readonly kind: 'step' | 'range'; readonly span: Span }
  | { readonly kind: 'wrapped'; readonly expr: DurationExpr; readonly span: Span }
  | { readonly kind: 'negated'; readonly expr: DurationExpr; readonly span: Span }
  | {
      readonly kind: 'arithmetic'
      readonly op: '+' | '-' | '*' | '/' | '%' | '^' | 'min_of' | 'max_of'
      readonly left: DurationExpr
      readonly right: DurationExpr
      readonly span: Span
    }

/** The type of an expression's value. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar'
    case 'string':
      return 'string'
    case 'vector':
    case 'aggregate':
      return 'vector'
    case 'matrix':
    case 'subquery':
      return 'matrix'
    case 'call':
      return expr.fn.returns
    case 'binary':
      return expr.matching === undefined && isScalarPair(expr) ? 'scalar' : 'vector'
    case 'unary':
    case 'paren':
      return typeOf(expr.expr)
  }
}

function isScalarPair(expr: Binary): boolean {
  return typeOf(expr.left) === 'scalar' && typeOf(expr.right) === 'scalar'
}

/** The expression inside any parentheses. */
export function unwrapParens(expr: Expr): Expr {
  let inner = expr
  while (inner.kind === 'paren') inner = inner.expr
  return inner
}

/** The direct sub-expressions, in the order of evaluation. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'vector':
      return []
    case 'matrix':
      return [expr.vector]
    case 'call':
      return expr.args
    case 'aggregate':
      return expr.param === undefined ? [expr.expr] : [expr.expr, expr.param]
    case 'binary':
      return [expr.left, expr.right]
    case 'subquery':
    case 'unary':
    case 'paren':
      return [expr.expr]
  }
}

export const COMPARISON_OPS: ReadonlySet<string> = new Set(['==', '!=', '>', '<', '>=', '<='])
export const SET_OPS: ReadonlySet<string> = new Set(['and', 'or', 'unless'])
export const EXPERIMENTAL_AGGREGATES: ReadonlySet<string> = new Set(['limitk', 'limit_ratio'])
export const AGGREGATES_WITH_PARAM: ReadonlySet<string> = new Set([
  'topk',
  'bottomk',
  'quantile',
  'count_values',
  'limitk',
  'limit_ratio',
])
