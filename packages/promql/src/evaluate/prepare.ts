import {
  type AtModifier,
  type Call,
  childrenOf,
  type Duration,
  type DurationExpr,
  type Expr,
  type Subquery,
  unwrapParens,
  type VectorSelector,
} from '../ast.ts'
import { executionError, type Span } from '../errors.ts'
import { findInfoReference } from './info-reference.ts'

/** The range over which a whole query runs; an instant query starts where it ends and has step 0. */
export interface QueryRange {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

/** An expression whose durations are numbers and whose instants are known. */
export interface Prepared {
  readonly expr: Expr
  /** The greatest sub-expressions that have the same value at every step: evaluated once. */
  readonly invariant: ReadonlySet<Expr>
  /** Selectors of which only counts and sums of histograms are looked at. */
  readonly statistics: ReadonlySet<Expr>
}

// Their result depends on the instant of evaluation even when their arguments do not.
const STEP_DEPENDENT: ReadonlySet<string> = new Set([
  ...['days_in_month', 'day_of_month', 'day_of_week', 'day_of_year', 'hour', 'minute', 'month'],
  ...['year', 'predict_linear', 'time', 'timestamp', 'start', 'end', 'range', 'step'],
])

/** Settles what depends on the query's range and finds what does not depend on the step. */
export function prepare(expr: Expr, range: QueryRange): Prepared {
  const preparation = new Preparation(range)
  const resolved = preparation.resolve(expr)
  const { wrap } = preparation.inspect(resolved)
  if (wrap) preparation.invariant.add(resolved)
  const statistics = new Set<Expr>()
  findStatistics(resolved, false, statistics)
  return { expr: resolved, invariant: preparation.invariant, statistics }
}

const STATISTICS: ReadonlySet<string> = new Set([
  'histogram_count',
  'histogram_sum',
  'histogram_avg',
])
const WHOLE_HISTOGRAMS: ReadonlySet<string> = new Set([
  ...['histogram_quantile', 'histogram_quantiles', 'histogram_fraction'],
  ...['histogram_stddev', 'histogram_stdvar'],
])

/** Finds the selectors below a statistic, where nothing on the way needs buckets. */
function findStatistics(expr: Expr, below: boolean, found: Set<Expr>): void {
  let inside = below
  if (expr.kind === 'vector' && below) found.add(expr)
  if (expr.kind === 'subquery') return
  if (expr.kind === 'binary' && (expr.op === '</' || expr.op === '>/')) return
  if (expr.kind === 'call') {
    if (WHOLE_HISTOGRAMS.has(expr.fn.name)) return
    if (STATISTICS.has(expr.fn.name)) inside = true
  }
  for (const child of childrenOf(expr)) findStatistics(child, inside, found)
}

/** The milliseconds of a prepared duration. */
export function msOf(duration: Duration): number {
  if (typeof duration === 'number') return duration
  throw new TypeError('a duration expression was not resolved')
}

/** The milliseconds of a prepared `@`. */
export function atOf(at: AtModifier | undefined): number | undefined {
  if (typeof at === 'string') throw new TypeError('an @ modifier was not resolved')
  return at
}

interface Invariance {
  readonly invariant: boolean
  readonly wrap: boolean
}

class Preparation {
  readonly invariant = new Set<Expr>()
  readonly #range: QueryRange

  constructor(range: QueryRange) {
    this.#range = range
  }

  resolve(expr: Expr): Expr {
    switch (expr.kind) {
      case 'number':
      case 'string':
        return expr
      case 'vector':
        return this.#vector(expr)
      case 'matrix': {
        const range = this.#duration(expr.range, expr.span, false)
        return { ...expr, vector: this.#vector(expr.vector), range }
      }
      case 'subquery':
        return this.#subquery(expr)
      case 'call':
        return this.#call(expr)
      case 'aggregate': {
        const inner = unwrapParens(this.resolve(expr.expr))
        const param = expr.param === undefined ? undefined : unwrapParens(this.resolve(expr.param))
        return { ...expr, expr: inner, param }
      }
      case 'binary':
        return { ...expr, left: this.resolve(expr.left), right: this.resolve(expr.right) }
      case 'unary':
      case 'paren':
        return { ...expr, expr: this.resolve(expr.expr) }
    }
  }

  #vector(expr: VectorSelector): VectorSelector {
    if (typeof expr.offset === 'number' && typeof expr.at !== 'string') return expr
    return { ...expr, offset: this.#duration(expr.offset, expr.span, true), at: this.#at(expr.at) }
  }

  #subquery(expr: Subquery): Subquery {
    return {
      ...expr,
      expr: this.resolve(expr.expr),
      range: this.#duration(expr.range, expr.span, false),
      step: expr.step === undefined ? undefined : this.#duration(expr.step, expr.span, false),
      offset: this.#duration(expr.offset, expr.span, true),
      at: this.#at(expr.at),
    }
  }

  #call(expr: Call): Expr {
    const { startMs, endMs, stepMs } = this.#range
    const number = (value: number): Expr => ({
      kind: 'number',
      value,
      duration: false,
      span: expr.span,
    })
    switch (expr.fn.name) {
      case 'start':
        return number(startMs / 1000)
      case 'end':
        return number(endMs / 1000)
      case 'range':
        return number((endMs - startMs) / 1000)
      case 'step':
        return number(startMs === endMs ? 0 : stepMs / 1000)
      default:
        return { ...expr, args: expr.args.map((arg) => unwrapParens(this.resolve(arg))) }
    }
  }

  #at(at: AtModifier | undefined): number | undefined {
    if (at === 'start') return this.#range.startMs
    if (at === 'end') return this.#range.endMs
    return at
  }

  #duration(duration: Duration, span: Span, mayBeNegative: boolean): number {
    if (typeof duration === 'number') return duration
    const where = `${duration.span.start}:${duration.span.end || span.end}`
    const seconds = this.#seconds(duration)
    if (!Number.isFinite(seconds)) throw executionError(`${where}: duration is NaN or infinite`)
    if (seconds <= 0 && !mayBeNegative) {
      throw executionError(`${where}: duration must be greater than 0`)
    }
    if (Math.abs(seconds) > 2 ** 63 / 1e9)
      throw executionError(`${where}: duration is out of range`)
    return Math.trunc(seconds * 1000)
  }

  #seconds(expr: DurationExpr): number {
    switch (expr.kind) {
      case 'seconds':
        return expr.value
      case 'step':
        return this.#range.stepMs / 1000
      case 'range':
        return (this.#range.endMs - this.#range.startMs) / 1000
      case 'wrapped':
        return this.#seconds(expr.expr)
      case 'negated':
        return -this.#seconds(expr.expr)
      case 'arithmetic':
        return combineSeconds(expr, this.#seconds(expr.left), this.#seconds(expr.right))
    }
  }

  /** Finds the step-invariant parts below an expression, and whether it is one itself. */
  inspect(expr: Expr): Invariance {
    switch (expr.kind) {
      case 'number':
      case 'string':
        return { invariant: true, wrap: false }
      case 'vector':
        return { invariant: expr.at !== undefined, wrap: expr.at !== undefined }
      case 'matrix':
        return { invariant: expr.vector.at !== undefined, wrap: false }
      case 'subquery':
        if (this.inspect(expr.expr).invariant) this.invariant.add(expr.expr)
        return { invariant: expr.at !== undefined, wrap: false }
      case 'unary':
      case 'paren':
        return this.inspect(expr.expr)
      case 'aggregate':
        return this.#inspectAggregate(expr.expr, expr.param)
      case 'binary': {
        const left = this.inspect(expr.left)
        const right = this.inspect(expr.right)
        if (left.invariant && right.invariant) return { invariant: true, wrap: true }
        if (left.wrap) this.invariant.add(expr.left)
        if (right.wrap) this.invariant.add(expr.right)
        return { invariant: false, wrap: false }
      }
      case 'call':
        return this.#inspectCall(expr)
    }
  }

  #inspectAggregate(inner: Expr, param: Expr | undefined): Invariance {
    const own = this.inspect(inner)
    if (param === undefined) return own
    const parameter = this.inspect(param)
    if (own.invariant && parameter.invariant) return own
    if (own.wrap) this.invariant.add(inner)
    if (parameter.wrap) this.invariant.add(param)
    return { invariant: false, wrap: false }
  }

  #inspectCall(expr: Call): Invariance {
    const { name } = expr.fn
    const isInfo = name === 'info'
    const args = expr.args.map((arg) => this.inspect(arg))
    const counted = isInfo ? args.slice(0, 1) : args
    let invariant = !STEP_DEPENDENT.has(name) && counted.every((arg) => arg.invariant)
    if (isInfo && !findInfoReference(expr.args[0]!).uniform) invariant = false
    // The time of a sample at a fixed instant is fixed as well.
    const only = expr.args[0]
    if (name === 'timestamp' && only?.kind === 'vector' && args[0]!.invariant) invariant = true
    if (invariant) return { invariant, wrap: true }
    counted.forEach((arg, index) => {
      if (arg.wrap) this.invariant.add(expr.args[index]!)
    })
    return { invariant: false, wrap: false }
  }
}

function combineSeconds(
  expr: DurationExpr & { kind: 'arithmetic' },
  left: number,
  right: number,
): number {
  const where = `${expr.span.start}:${expr.span.end}`
  switch (expr.op) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      if (right === 0) throw executionError(`${where}: division by zero`)
      return left / right
    case '%':
      if (right === 0) throw executionError(`${where}: modulo by zero`)
      return left % right
    case '^':
      return left ** right
    case 'min_of':
      return Math.min(left, right)
    case 'max_of':
      return Math.max(left, right)
  }
}
