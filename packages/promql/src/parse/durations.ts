import type { SyntaxNode } from '@lezer/common'
import type { Duration, DurationExpr } from '../ast.ts'
import { type Conversion, childNodes, fail, spanOf, textOf } from './conversion.ts'
import { parseNumber, secondsToMs } from './number.ts'

// time.Duration counts nanoseconds in 64 bits; a longer duration cannot be kept by Prometheus.
const DURATION_SECONDS_MAX = 2 ** 63 / 1e9

const OPERATORS: Readonly<Record<string, '+' | '-' | '*' | '/' | '%' | '^'>> = {
  Add: '+',
  Sub: '-',
  Mul: '*',
  Div: '/',
  Mod: '%',
  Pow: '^',
}

/** The range or step between brackets: it must be positive where it is a plain literal. */
export function convertPositiveDuration(conversion: Conversion, node: SyntaxNode): Duration {
  const expr = convertDuration(conversion, node)
  if (expr.kind !== 'seconds') return expr
  if (expr.value <= 0) fail(conversion, expr.span, 'duration must be greater than 0')
  return secondsToMs(expr.value)
}

/** The duration after `offset`, which may be negative. */
export function convertOffset(conversion: Conversion, node: SyntaxNode): Duration {
  const expr = convertDuration(conversion, node)
  return expr.kind === 'seconds' ? secondsToMs(expr.value) : expr
}

function convertDuration(conversion: Conversion, node: SyntaxNode): DurationExpr {
  const children = childNodes(node)
  const first = children[0]!
  const second = children[1]
  if (first.name === 'UnaryOp') {
    return negate(conversion, first, convertDuration(conversion, second!))
  }
  if (second !== undefined && second.name in OPERATORS) {
    return arithmetic(conversion, first, second, children[2]!)
  }
  if (first.name === 'NumberDurationLiteralInDurationContext') return literal(conversion, first)
  if (first.name === 'DurationStep' || first.name === 'DurationRange') {
    return { kind: first.name === 'DurationStep' ? 'step' : 'range', span: spanOf(node) }
  }
  if (first.name === 'DurationMinOf' || first.name === 'DurationMaxOf') {
    return {
      kind: 'arithmetic',
      op: first.name === 'DurationMinOf' ? 'min_of' : 'max_of',
      left: convertDuration(conversion, second!),
      right: convertDuration(conversion, children[2]!),
      span: spanOf(node),
    }
  }
  const inner = convertDuration(conversion, first)
  // What is left is a nested duration: in parentheses, or the same node under another name.
  if (conversion.text[node.from] !== '(' || first.from === node.from) return inner
  return { kind: 'wrapped', expr: inner, span: spanOf(node) }
}

function negate(conversion: Conversion, sign: SyntaxNode, expr: DurationExpr): DurationExpr {
  const negative = textOf(conversion, sign) === '-'
  const span = { start: sign.from, end: expr.span.end }
  if (expr.kind === 'seconds') return { ...expr, value: negative ? -expr.value : expr.value, span }
  return negative ? { kind: 'negated', expr, span } : expr
}

function arithmetic(
  conversion: Conversion,
  left: SyntaxNode,
  operator: SyntaxNode,
  right: SyntaxNode,
): DurationExpr {
  const op = OPERATORS[operator.name]!
  const divisor = convertDuration(conversion, right)
  if ((op === '/' || op === '%') && divisor.kind === 'seconds' && divisor.value === 0) {
    fail(conversion, spanOf(operator), op === '/' ? 'division by zero' : 'modulo by zero')
  }
  return {
    kind: 'arithmetic',
    op,
    left: convertDuration(conversion, left),
    right: divisor,
    span: { start: left.from, end: right.to },
  }
}

function literal(conversion: Conversion, node: SyntaxNode): DurationExpr {
  const parsed = parseNumber(textOf(conversion, node))
  if (parsed === undefined) fail(conversion, spanOf(node), 'bad number or duration syntax')
  if (Math.abs(parsed.value) > DURATION_SECONDS_MAX) {
    fail(conversion, spanOf(node), 'duration out of range')
  }
  return { kind: 'seconds', ...parsed, span: spanOf(node) }
}
