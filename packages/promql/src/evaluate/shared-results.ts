import { childrenOf, type Expr } from '../ast.ts'
import { METRIC_NAME } from '../label-set.ts'
import { print } from '../print.ts'
import type { Block } from './block.ts'
import type { Frame } from './frame.ts'

interface SharedResult {
  readonly block: Block
  /** The metrics that it was made of. */
  readonly names: ReadonlySet<string>
}

/**
 * What parts of queries came to, for the queries that follow: a pass of rules and detectors asks for the same
 * rates over and over, at one instant. It is good for as long as its owner takes the source to stand still;
 * what the owner itself writes must be told by `forget`. Annotations come with the first query only.
 */
export class SharedResults {
  readonly #results = new Map<string, SharedResult>()
  /** What was forgotten since anything was kept: a rule writes thousands of samples of one metric. */
  readonly #forgotten = new Set<string>()

  /** Must be called when a metric got samples that the next query is to see. */
  forget(metric: string): void {
    if (this.#forgotten.has(metric)) return
    this.#forgotten.add(metric)
    for (const [key, { names }] of this.#results) if (names.has(metric)) this.#results.delete(key)
  }

  /** Where the result of an expression is kept; undefined when it is not worth it, or cannot be forgotten. */
  keyOf(expr: Expr, frame: Frame): string | undefined {
    if (expr.kind !== 'call' && expr.kind !== 'aggregate') return undefined
    return `${frame.startMs} ${frame.stepMs} ${frame.steps} ${print(expr)}`
  }

  get(key: string): Block | undefined {
    return this.#results.get(key)?.block
  }

  keep(key: string, expr: Expr, block: Block): void {
    const names = new Set<string>()
    if (!collectNames(expr, names)) return
    this.#results.set(key, { block, names })
    this.#forgotten.clear()
  }
}

/** Adds the metrics that an expression reads; false when a selector does not name one. */
function collectNames(expr: Expr, names: Set<string>): boolean {
  if (expr.kind === 'vector') {
    const named = expr.matchers.find(({ name, type }) => name === METRIC_NAME && type === '=')
    if (named !== undefined) names.add(named.value)
    return named !== undefined
  }
  // info() reads series that it does not name.
  if (expr.kind === 'call' && expr.fn.name === 'info') return false
  return childrenOf(expr).every((child) => collectNames(child, names))
}
