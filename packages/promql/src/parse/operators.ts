import type { SyntaxNode } from '@lezer/common'
import type { Binary, BinaryOp, Expr, VectorMatching } from '../ast.ts'
import { PromqlError, type Span } from '../errors.ts'
import { quote } from '../go-format.ts'
import { groupingLabels } from './calls.ts'
import { type Conversion, childNodes, fail, spanOf, textOf } from './conversion.ts'
import { parseNumber } from './number.ts'
import { applyPostfix } from './selectors.ts'

// https://prometheus.io/docs/prometheus/latest/querying/operators/#binary-operator-precedence
const PRECEDENCE: Readonly<Record<BinaryOp, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<=': 3,
  '<': 3,
  '>=': 3,
  '>': 3,
  '</': 3,
  '>/': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
}
const POWER = PRECEDENCE['^']

const POSTFIXES: ReadonlySet<string> = new Set([
  'MatrixSelector',
  'SubqueryExpr',
  'OffsetExpr',
  'StepInvariantExpr',
  'AnchoredExpr',
  'SmoothedExpr',
])

/** Deeper trees than this are refused: no person writes them, and walking them costs stack. */
const DEPTH_MAX = 1000

type Item =
  | { kind: 'operand'; node: SyntaxNode; from: number; postfixes: SyntaxNode[] }
  | { kind: 'sign'; op: '+' | '-'; from: number }
  | { kind: 'operator'; op: BinaryOp; node: SyntaxNode }

/**
 * Converts operators, signs and postfix modifiers between operands.
 *
 * The grammar lets a postfix take the whole `a + b` of `a + b offset 5m`, and a sign the number of
 * `-1 ^ 2`. Prometheus binds postfixes to the operand and signs weaker than `^`. So the chain is
 * laid flat, as it stands in the text, and built again by precedence.
 */
export function convertOperators(
  conversion: Conversion,
  node: SyntaxNode,
  operand: (node: SyntaxNode) => Expr,
): Expr {
  const items: Item[] = []
  flatten(conversion, node, items, 0)
  return new Climber(conversion, items, operand).build()
}

/** Whether a node is part of such a chain. */
export function isOperatorNode(conversion: Conversion, node: SyntaxNode): boolean {
  if (node.name === 'BinaryExpr' || node.name === 'UnaryExpr' || POSTFIXES.has(node.name))
    return true
  return node.name === 'NumberDurationLiteral' && isSign(conversion.text[node.from])
}

function flatten(conversion: Conversion, node: SyntaxNode, items: Item[], depth: number): void {
  if (depth > DEPTH_MAX) throw tooDeep()
  if (node.name === 'BinaryExpr') {
    const parts = childNodes(node)
    flatten(conversion, parts[0]!, items, depth + 1)
    items.push({ kind: 'operator', op: operatorOf(conversion, parts[1]!), node })
    flatten(conversion, parts.at(-1)!, items, depth + 1)
  } else if (node.name === 'UnaryExpr') {
    const [sign, inner] = childNodes(node)
    items.push({ kind: 'sign', op: signOf(conversion, sign!.from), from: sign!.from })
    flatten(conversion, inner!, items, depth + 1)
  } else if (POSTFIXES.has(node.name)) {
    flatten(conversion, childNodes(node)[0]!, items, depth + 1)
    const last = items.at(-1)
    if (last?.kind === 'operand') last.postfixes.push(node)
  } else {
    let from = node.from
    if (node.name === 'NumberDurationLiteral' && isSign(conversion.text[from])) {
      items.push({ kind: 'sign', op: signOf(conversion, from), from })
      from++
    }
    items.push({ kind: 'operand', node, from, postfixes: [] })
  }
}

function tooDeep(): PromqlError {
  return new PromqlError(
    'too_deep',
    `cannot parse the query: it is nested more than ${DEPTH_MAX} levels deep`,
  )
}

function isSign(char: string | undefined): boolean {
  return char === '-' || char === '+'
}

function signOf(conversion: Conversion, at: number): '+' | '-' {
  return conversion.text[at] === '-' ? '-' : '+'
}

function operatorOf(conversion: Conversion, node: SyntaxNode): BinaryOp {
  return textOf(conversion, node).toLowerCase() as BinaryOp
}

/** Precedence climbing over the flat chain. */
class Climber {
  readonly #conversion: Conversion
  readonly #items: readonly Item[]
  readonly #operand: (node: SyntaxNode) => Expr
  #next = 0

  constructor(conversion: Conversion, items: readonly Item[], operand: (node: SyntaxNode) => Expr) {
    this.#conversion = conversion
    this.#items = items
    this.#operand = operand
  }

  build(): Expr {
    return this.#climb(0, 0)
  }

  #climb(minimum: number, depth: number): Expr {
    if (depth > DEPTH_MAX) throw tooDeep()
    let left = this.#signed(depth)
    for (;;) {
      const item = this.#items[this.#next]
      if (item?.kind !== 'operator') return left
      const precedence = PRECEDENCE[item.op]
      if (precedence < minimum) return left
      this.#next++
      // Only ^ groups from the right.
      const right = this.#climb(precedence === POWER ? precedence : precedence + 1, depth + 1)
      left = convertBinary(this.#conversion, item.op, item.node, left, right)
    }
  }

  #signed(depth: number): Expr {
    const item = this.#items[this.#next++]!
    if (item.kind === 'operand') return this.#withPostfixes(item)
    if (item.kind === 'operator') throw new TypeError('an operand was expected')
    const expr = this.#climb(POWER, depth + 1)
    const span = { start: item.from, end: expr.span.end }
    if (expr.kind === 'number') {
      return { ...expr, value: item.op === '-' ? -expr.value : expr.value, span }
    }
    return { kind: 'unary', op: item.op, expr, span }
  }

  #withPostfixes(item: Item & { kind: 'operand' }): Expr {
    let expr =
      item.node.name === 'NumberDurationLiteral'
        ? convertNumber(this.#conversion, item.from, item.node.to)
        : this.#operand(item.node)
    for (const postfix of item.postfixes) expr = applyPostfix(this.#conversion, expr, postfix)
    return expr
  }
}

function convertNumber(conversion: Conversion, from: number, to: number): Expr {
  const written = conversion.text.slice(from, to)
  const text = written.trimStart()
  const span = { start: to - text.length, end: to }
  const parsed = parseNumber(text)
  if (parsed === undefined) fail(conversion, span, `bad number or duration syntax: ${quote(text)}`)
  return { kind: 'number', ...parsed, span }
}

function convertBinary(
  conversion: Conversion,
  op: BinaryOp,
  node: SyntaxNode,
  left: Expr,
  right: Expr,
): Binary {
  const span: Span = { start: left.span.start, end: right.span.end }
  const matching = convertMatching(conversion, node, span)
  return {
    kind: 'binary',
    op,
    left,
    right,
    bool: node.getChild('BoolModifier') !== null,
    matching,
    span,
  }
}

/** Every binary node gets a matching here; the type check takes it from those over scalars. */
function convertMatching(conversion: Conversion, node: SyntaxNode, span: Span): VectorMatching {
  const clause = node.getChild('MatchingModifierClause')
  const lists = clause?.getChildren('GroupingLabels') ?? []
  const grouped = clause?.getChild('GroupLeft')
    ? ('many-to-one' as const)
    : clause?.getChild('GroupRight')
      ? ('one-to-many' as const)
      : ('one-to-one' as const)
  const fill = node.getChild('FillModifier')
  if (fill !== null && !conversion.experimental) {
    fail(conversion, span, 'binop fill modifiers are experimental and not enabled')
  }
  const both = fillValue(conversion, fill?.getChild('FillClause'))
  return {
    cardinality: grouped,
    on: clause?.getChild('On') != null,
    labels: lists[0] === undefined ? [] : groupingLabels(conversion, lists[0]),
    include: lists[1] === undefined ? [] : groupingLabels(conversion, lists[1]),
    fillLeft: both ?? fillValue(conversion, fill?.getChild('FillLeftClause')),
    fillRight: both ?? fillValue(conversion, fill?.getChild('FillRightClause')),
  }
}

function fillValue(
  conversion: Conversion,
  clause: SyntaxNode | null | undefined,
): number | undefined {
  const literal = clause?.getChild('NumberDurationLiteral')
  if (literal == null) return undefined
  const text = textOf(conversion, literal).replace(/\s+/g, '')
  const parsed = parseNumber(text.replace(/^[+-]/, ''))
  if (parsed === undefined) fail(conversion, spanOf(literal), 'bad number or duration syntax')
  return text.startsWith('-') ? -parsed.value : parsed.value
}
