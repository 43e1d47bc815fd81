import { createEngine, type MemorySource, prettyPrint } from '@chokepoint/promql'
import { translateErrors, translateErrorsInSteps } from '../../src/query-functions.ts'
import type { PrometheusPort } from '../../src/web/ports.ts'
import { fixedPort, selectFrom } from './web-fixture.ts'

/** A port over the real engine and series in memory. */
export function enginePort(source: MemorySource, nowMs: number): PrometheusPort {
  const engine = createEngine()
  return fixedPort({
    now: () => nowMs,
    select: selectFrom(source),
    query: (expression, atMs) =>
      translateErrorsInSteps(engine.instantInSteps(source, expression, atMs)),
    queryRange: (expression, startMs, endMs, stepMs) =>
      translateErrorsInSteps(engine.rangeInSteps(source, expression, startMs, endMs, stepMs)),
    parseSelector: (selector) => {
      const expr = translateErrors(() => engine.parse(selector))
      return expr.kind === 'vector' ? expr.matchers : []
    },
    exemplars: (expression) => {
      translateErrors(() => engine.parse(expression))
      return []
    },
    formatQuery: (expression) => translateErrors(() => prettyPrint(engine.parse(expression))),
  })
}
