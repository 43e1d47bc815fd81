import type { AtModifier, Duration, DurationExpr, Expr, VectorSelector } from '@chokepoint/promql'

/** A node of the tree that Prometheus' `/api/v1/parse_query` answers with. */
export type TreeNode = { readonly type: string } & Readonly<Record<string, unknown>>

/** An expression as Prometheus' `/api/v1/parse_query` writes it; durations are milliseconds. */
export function prometheusTree(expr: Expr): TreeNode {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: numberText(expr.value) }
    case 'string':
      return { type: 'stringLiteral', val: expr.value }
    case 'vector':
      return { type: 'vectorSelector', ...selectorOf(expr) }
    case 'matrix':
      return {
        type: 'matrixSelector',
        ...selectorOf(expr.vector),
        ...durationOf('range', expr.range),
      }
    case 'subquery':
      return {
        type: 'subquery',
        expr: prometheusTree(expr.expr),
        ...durationOf('range', expr.range),
        ...durationOf('offset', expr.offset),
        ...durationOf('step', expr.step ?? 0),
        ...instantOf(expr.at),
      }
    case 'call':
      return {
        type: 'call',
        func: {
          name: expr.fn.name,
          argTypes: expr.fn.args,
          variadic: expr.fn.variadic,
          returnType: expr.fn.returns,
        },
        args: expr.args.map(prometheusTree),
      }
    case 'aggregate':
      return {
        type: 'aggregation',
        op: expr.op,
        expr: prometheusTree(expr.expr),
        param: expr.param === undefined ? null : prometheusTree(expr.param),
        grouping: expr.grouping,
        without: expr.without,
      }
    case 'binary':
      return binaryOf(expr)
    case 'unary':
      return { type: 'unaryExpr', op: expr.op, expr: prometheusTree(expr.expr) }
    case 'paren':
      return { type: 'parenExpr', expr: prometheusTree(expr.expr) }
  }
}

function binaryOf({
  op,
  left,
  right,
  bool,
  matching,
}: Extract<Expr, { kind: 'binary' }>): TreeNode {
  return {
    type: 'binaryExpr',
    op,
    lhs: prometheusTree(left),
    rhs: prometheusTree(right),
    matching:
      matching === undefined
        ? null
        : {
            card: matching.cardinality,
            labels: matching.labels,
            on: matching.on,
            include: matching.include,
            fillValues: { lhs: matching.fillLeft ?? null, rhs: matching.fillRight ?? null },
          },
    bool,
  }
}

function selectorOf({ name, matchers, offset, at, extended }: VectorSelector) {
  return {
    ...{ name, matchers },
    ...durationOf('offset', offset),
    ...instantOf(at),
    anchored: extended === 'anchored',
    smoothed: extended === 'smoothed',
  }
}

function instantOf(at: AtModifier | undefined) {
  return {
    timestamp: typeof at === 'number' ? at : null,
    startOrEnd: typeof at === 'string' ? at : null,
  }
}

/** An expression over durations has no value before the query's step and range are known; it stands for itself. */
function durationOf(name: string, duration: Duration) {
  return typeof duration === 'number'
    ? { [name]: duration, [`${name}Expr`]: null }
    : { [name]: 0, [`${name}Expr`]: durationTree(duration, false) }
}

function durationTree(expr: DurationExpr, wrapped: boolean): TreeNode {
  const node = (op: string, lhs: TreeNode | null, rhs: TreeNode | null) => ({
    ...{ type: 'durationExpr', op, lhs, rhs, wrapped },
  })
  switch (expr.kind) {
    case 'seconds':
      return { type: 'numberLiteral', val: numberText(expr.value), duration: expr.duration }
    case 'step':
    case 'range':
      return node(expr.kind, null, null)
    case 'wrapped':
      return durationTree(expr.expr, true)
    case 'negated':
      return node('-', null, durationTree(expr.expr, false))
    case 'arithmetic':
      return node(expr.op, durationTree(expr.left, false), durationTree(expr.right, false))
  }
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return String(value)
}
