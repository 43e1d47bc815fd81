import type {
  Aggregate,
  AtModifier,
  Binary,
  Duration,
  DurationExpr,
  Expr,
  NumberLiteral,
  VectorMatching,
  VectorSelector,
} from './ast.ts'
import { formatF, formatG, quote } from './go-format.ts'
import { METRIC_NAME } from './label-set.ts'

/** An expression as one line of PromQL, as Prometheus prints it; it parses to the same tree. */
export function print(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return printNumber(expr)
    case 'string':
      return quote(expr.value)
    case 'vector':
      return printVector(expr)
    case 'matrix': {
      const { at, extended, offset } = expr.vector
      const bare = printVector({ ...expr.vector, at: undefined, extended: undefined, offset: 0 })
      const extension = extended === undefined ? '' : ` ${extended}`
      return `${bare}[${printDuration(expr.range)}]${extension}${printAt(at)}${printOffset(offset)}`
    }
    case 'subquery':
      return print(expr.expr) + printSubquerySuffix(expr)
    case 'call':
      return `${expr.fn.name}(${expr.args.map(print).join(', ')})`
    case 'aggregate': {
      const args = expr.param === undefined ? [expr.expr] : [expr.param, expr.expr]
      return `${printAggregateOp(expr)}(${args.map(print).join(', ')})`
    }
    case 'binary':
      return `${print(expr.left)} ${printOperator(expr)} ${print(expr.right)}`
    case 'unary':
      return expr.op + print(expr.expr)
    case 'paren':
      return `(${print(expr.expr)})`
  }
}

/** `sum by (a) `: an aggregation without its arguments. */
export function printAggregateOp(expr: Aggregate): string {
  if (expr.without) return `${expr.op} without (${printLabels(expr.grouping)}) `
  return expr.grouping.length > 0 ? `${expr.op} by (${printLabels(expr.grouping)}) ` : expr.op
}

/** `+ on (a) group_left (b)`: an operator with its modifiers. */
export function printOperator(expr: Binary): string {
  const bool = expr.bool ? ' bool' : ''
  return expr.op + bool + (expr.matching === undefined ? '' : printMatching(expr.matching))
}

/** `[1h:5m] @ 3.000 offset 1m`: what follows the expression of a subquery. */
export function printSubquerySuffix(expr: Expr & { kind: 'subquery' }): string {
  const step = expr.step === undefined ? '' : printDuration(expr.step)
  return `[${printDuration(expr.range)}:${step}]${printAt(expr.at)}${printOffset(expr.offset)}`
}

const LEGACY_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

function printLabel(name: string): string {
  return LEGACY_LABEL.test(name) ? name : quote(name)
}

function printLabels(names: readonly string[]): string {
  return names.map(printLabel).join(', ')
}

function printMatching(matching: VectorMatching): string {
  const { cardinality, on, labels, include, fillLeft, fillRight } = matching
  const grouped = cardinality === 'many-to-one' || cardinality === 'one-to-many'
  let text = ''
  if (labels.length > 0 || on || grouped) {
    text += ` ${on ? 'on' : 'ignoring'} (${printLabels(labels)})`
  }
  if (grouped) {
    text += ` group_${cardinality === 'many-to-one' ? 'left' : 'right'} (${printLabels(include)})`
  }
  if (fillLeft !== undefined && fillLeft === fillRight) return `${text} fill (${formatG(fillLeft)})`
  if (fillLeft !== undefined) text += ` fill_left (${formatG(fillLeft)})`
  if (fillRight !== undefined) text += ` fill_right (${formatG(fillRight)})`
  return text
}

function printVector(expr: VectorSelector): string {
  const matchers = expr.matchers
    .filter(
      ({ name, type, value }) =>
        !(name === METRIC_NAME && type === '=' && value === expr.name && value !== ''),
    )
    .map(({ name, type, value }) => `${printLabel(name)}${type}${quote(value)}`)
    .sort()
  const braces = matchers.length === 0 && expr.name !== '' ? '' : `{${matchers.join(',')}}`
  const extension = expr.extended === undefined ? '' : ` ${expr.extended}`
  return `${expr.name}${braces}${printAt(expr.at)}${extension}${printOffset(expr.offset)}`
}

function printAt(at: AtModifier | undefined): string {
  if (at === undefined) return ''
  return typeof at === 'number' ? ` @ ${(at / 1000).toFixed(3)}` : ` @ ${at}()`
}

function printOffset(offset: Duration): string {
  return offset === 0 ? '' : ` offset ${printDuration(offset)}`
}

function printNumber(expr: NumberLiteral): string {
  return expr.duration ? printMs(Math.round(expr.value * 1000)) : formatF(expr.value)
}

function printDuration(duration: Duration): string {
  return typeof duration === 'number' ? printMs(duration) : printDurationExpr(duration)
}

function printDurationExpr(expr: DurationExpr): string {
  switch (expr.kind) {
    case 'seconds':
      return expr.duration ? printMs(Math.round(expr.value * 1000)) : formatF(expr.value)
    case 'step':
    case 'range':
      return `${expr.kind}()`
    case 'wrapped':
      return `(${printDurationExpr(expr.expr)})`
    case 'negated':
      return `-${printDurationExpr(expr.expr)}`
    case 'arithmetic': {
      const [left, right] = [printDurationExpr(expr.left), printDurationExpr(expr.right)]
      return expr.op.endsWith('_of')
        ? `${expr.op}(${left}, ${right})`
        : `${left} ${expr.op} ${right}`
    }
  }
}

const UNITS: readonly (readonly [string, number, boolean])[] = [
  // Years and weeks only where nothing is left over, as Prometheus prints durations.
  ['y', 31_536_000_000, true],
  ['w', 604_800_000, true],
  ['d', 86_400_000, false],
  ['h', 3_600_000, false],
  ['m', 60_000, false],
  ['s', 1000, false],
  ['ms', 1, false],
]

function printMs(ms: number): string {
  if (ms === 0) return '0s'
  let rest = Math.abs(ms)
  let text = ms < 0 ? '-' : ''
  for (const [unit, size, exact] of UNITS) {
    const count = Math.floor(rest / size)
    if (count === 0 || (exact && rest % size !== 0)) continue
    text += `${count}${unit}`
    rest -= count * size
  }
  return text
}
