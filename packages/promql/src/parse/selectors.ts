import type { SyntaxNode } from '@lezer/common'
import type {
  AtModifier,
  Duration,
  Expr,
  MatrixSelector,
  Subquery,
  VectorSelector,
} from '../ast.ts'
import type { Span } from '../errors.ts'
import { METRIC_NAME } from '../label-set.ts'
import { compileRegex } from '../regex.ts'
import type { Matcher } from '../series-source.ts'
import { type Conversion, childNodes, fail, spanOf, stringOf, textOf } from './conversion.ts'
import { convertOffset, convertPositiveDuration } from './durations.ts'
import { parseNumber } from './number.ts'

const MATCH_TYPES: Readonly<Record<string, Matcher['type']>> = {
  EqlSingle: '=',
  Neq: '!=',
  EqlRegex: '=~',
  NeqRegex: '!~',
}

/** `name{label="value"}`, before any modifier. */
export function convertVectorSelector(conversion: Conversion, node: SyntaxNode): VectorSelector {
  const identifier = node.getChild('Identifier')
  const braces = node.getChild('LabelMatchers')
  const name = identifier === null ? '' : textOf(conversion, identifier)
  const matchers: Matcher[] = []
  if (braces !== null) {
    for (const child of childNodes(braces)) matchers.push(convertMatcher(conversion, child))
  }
  if (name !== '') matchers.push({ name: METRIC_NAME, type: '=', value: name })
  const span = spanOf(node)
  return { kind: 'vector', name, matchers, offset: 0, at: undefined, extended: undefined, span }
}

function convertMatcher(conversion: Conversion, node: SyntaxNode): Matcher {
  if (node.name === 'QuotedLabelName') {
    return { name: METRIC_NAME, type: '=', value: stringOf(conversion, node.firstChild!) }
  }
  const [label, operator, literal] = childNodes(node)
  const name =
    label!.name === 'QuotedLabelName'
      ? stringOf(conversion, label!.firstChild!)
      : textOf(conversion, label!)
  const type = MATCH_TYPES[operator!.firstChild!.name]!
  const value = stringOf(conversion, literal!)
  if (type === '=~' || type === '!~') {
    try {
      compileRegex(value)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      fail(conversion, spanOf(node), `error parsing regexp: ${reason}`)
    }
  }
  return { name, type, value }
}

/** Applies what follows an operand: `[5m]`, `[1h:5m]`, `offset`, `@`, `anchored`, `smoothed`. */
export function applyPostfix(conversion: Conversion, expr: Expr, postfix: SyntaxNode): Expr {
  const span = { start: expr.span.start, end: postfix.to }
  switch (postfix.name) {
    case 'MatrixSelector':
      return toMatrix(conversion, expr, postfix, span)
    case 'SubqueryExpr':
      return toSubquery(conversion, expr, postfix, span)
    case 'OffsetExpr':
      return withOffset(conversion, expr, postfix, span)
    case 'StepInvariantExpr':
      return withAt(conversion, expr, postfix, span)
    case 'AnchoredExpr':
      return withExtension(conversion, expr, 'anchored', span)
    default:
      return withExtension(conversion, expr, 'smoothed', span)
  }
}

function toMatrix(
  conversion: Conversion,
  expr: Expr,
  postfix: SyntaxNode,
  span: Span,
): MatrixSelector {
  const duration = postfix.getChild('DurationExpr')!
  const bracket = {
    start: conversion.text.lastIndexOf('[', duration.from),
    end: postfix.to,
  }
  if (expr.kind !== 'vector') fail(conversion, bracket, 'ranges only allowed for vector selectors')
  if (expr.offset !== 0) fail(conversion, bracket, 'no offset modifiers allowed before range')
  if (expr.at !== undefined) fail(conversion, bracket, 'no @ modifiers allowed before range')
  const range = convertPositiveDuration(conversion, duration)
  return { kind: 'matrix', vector: expr, range, span }
}

function toSubquery(conversion: Conversion, expr: Expr, postfix: SyntaxNode, span: Span): Subquery {
  const [range, step] = postfix.getChildren('DurationExpr')
  return {
    kind: 'subquery',
    expr,
    range: convertPositiveDuration(conversion, range!),
    step: step === undefined ? undefined : convertPositiveDuration(conversion, step),
    offset: 0,
    at: undefined,
    span,
  }
}

function withOffset(conversion: Conversion, expr: Expr, postfix: SyntaxNode, span: Span): Expr {
  const offset = convertOffset(conversion, postfix.getChild('OffsetDurationExpr')!)
  const twice = (present: Duration) => {
    if (present !== 0) fail(conversion, expr.span, 'offset may not be set multiple times')
  }
  switch (expr.kind) {
    case 'vector':
    case 'subquery':
      twice(expr.offset)
      return { ...expr, offset, span }
    case 'matrix':
      twice(expr.vector.offset)
      return { ...expr, vector: { ...expr.vector, offset }, span }
    default:
      return fail(
        conversion,
        expr.span,
        'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery',
      )
  }
}

function withAt(conversion: Conversion, expr: Expr, postfix: SyntaxNode, span: Span): Expr {
  const twice = (present: AtModifier | undefined) => {
    if (present !== undefined) {
      fail(conversion, expr.span, '@ <timestamp> may not be set multiple times')
    }
  }
  const at = convertAt(conversion, expr, postfix)
  switch (expr.kind) {
    case 'vector':
    case 'subquery':
      twice(expr.at)
      return { ...expr, at, span }
    case 'matrix':
      twice(expr.vector.at)
      return { ...expr, vector: { ...expr.vector, at }, span }
    default:
      return fail(
        conversion,
        expr.span,
        '@ modifier must be preceded by an instant vector selector or range vector selector or a subquery',
      )
  }
}

function convertAt(conversion: Conversion, expr: Expr, postfix: SyntaxNode): AtModifier {
  const preprocessor = postfix.getChild('AtModifierPreprocessors')
  if (preprocessor !== null) return preprocessor.firstChild?.name === 'AtStart' ? 'start' : 'end'
  const node = postfix.getChildren('NumberDurationLiteral').at(-1)!
  const text = textOf(conversion, node).replace(/\s+/g, '')
  const parsed = parseNumber(text.replace(/^[+-]/, ''))
  const seconds = (parsed?.value ?? Number.NaN) * (text.startsWith('-') ? -1 : 1)
  if (!(Math.abs(seconds) < 2 ** 63)) {
    const shown = Number.isFinite(seconds) ? seconds.toFixed(6) : goNumber(seconds)
    fail(conversion, expr.span, `timestamp out of bounds for @ modifier: ${shown}`)
  }
  return Math.round(seconds * 1000)
}

function goNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}

function withExtension(
  conversion: Conversion,
  expr: Expr,
  extended: 'anchored' | 'smoothed',
  span: Span,
): Expr {
  if (!conversion.experimental) {
    fail(conversion, expr.span, `${extended} modifier is experimental and not enabled`)
  }
  const both = (present: 'anchored' | 'smoothed' | undefined) => {
    if (present !== undefined && present !== extended) {
      fail(conversion, expr.span, 'anchored and smoothed modifiers cannot be used together')
    }
  }
  switch (expr.kind) {
    case 'vector':
      both(expr.extended)
      return { ...expr, extended, span }
    case 'matrix':
      both(expr.vector.extended)
      return { ...expr, vector: { ...expr.vector, extended }, span }
    case 'subquery':
      return fail(conversion, expr.span, `${extended} modifier is not supported for subqueries`)
    default:
      return fail(conversion, expr.span, `${extended} modifier not implemented`)
  }
}
