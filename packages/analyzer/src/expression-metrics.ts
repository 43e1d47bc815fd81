import { childrenOf, type Engine, type Expr } from '@chokepoint/promql'

/**
 * The names of the metrics that an expression reads; undefined when they cannot be told, because a
 * selector has no exact name.
 */
export function metricNames(engine: Engine, expression: string): readonly string[] | undefined {
  const names = new Set<string>()
  const queue: Expr[] = [engine.parse(expression)]
  for (let expr = queue.pop(); expr !== undefined; expr = queue.pop()) {
    queue.push(...childrenOf(expr))
    if (expr.kind !== 'vector') continue
    const exact = expr.matchers.find(({ name, type }) => name === '__name__' && type === '=')
    if (exact === undefined) return undefined
    names.add(exact.value)
  }
  return [...names]
}
