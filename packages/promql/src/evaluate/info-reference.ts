import { childrenOf, type Expr, type Subquery, typeOf } from '../ast.ts'

/** At which instants the selectors of an expression look: what `info()` looks at must agree. */
export interface InfoReference {
  readonly atMs: number | undefined
  readonly offsetMs: number
  /** All selectors look at the same instant, and every part of the expression has a selector. */
  readonly uniform: boolean
}

interface Found {
  atMs: number | undefined
  offsetMs: number
}

/** The instant that all selectors of a prepared expression share, if they do. */
export function findInfoReference(expr: Expr): InfoReference {
  let first: Found | undefined
  let uniform = true
  const visit = (node: Expr, subqueries: readonly Subquery[]): boolean => {
    const type = typeOf(node)
    if (type !== 'vector' && type !== 'matrix') return false
    if (node.kind === 'vector') {
      const found = referenceOf(node.at, node.offset, subqueries)
      if (first === undefined) first = found
      else if (!sameReference(first, found)) uniform = false
      return true
    }
    const path = node.kind === 'subquery' ? [...subqueries, node] : subqueries
    const isInfo = node.kind === 'call' && node.fn.name === 'info'
    const children = isInfo ? node.args.slice(0, 1) : childrenOf(node)
    let hasSelector = false
    for (const child of children) if (visit(child, path)) hasSelector = true
    if (!hasSelector) uniform = false
    return hasSelector
  }
  visit(expr, [])
  const found = first as Found | undefined
  if (found === undefined || !uniform) return { atMs: undefined, offsetMs: 0, uniform: false }
  return { ...found, uniform: true }
}

function referenceOf(at: unknown, offset: unknown, subqueries: readonly Subquery[]): Found {
  const found: Found = { atMs: numberOf(at), offsetMs: numberOf(offset) ?? 0 }
  for (let i = subqueries.length - 1; found.atMs === undefined && i >= 0; i--) {
    found.offsetMs += numberOf(subqueries[i]!.offset) ?? 0
    found.atMs = numberOf(subqueries[i]!.at)
  }
  return found
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function sameReference(a: Found, b: Found): boolean {
  if (a.atMs === undefined || b.atMs === undefined) {
    return a.atMs === b.atMs && a.offsetMs === b.offsetMs
  }
  return a.atMs - a.offsetMs === b.atMs - b.offsetMs
}
