import { createEngine, type MemorySource, prettyPrint, type QueryValue } from '@chokepoint/promql'
import { translateErrors } from '../../src/query-functions.ts'
import type { AnswerValue, PrometheusPort } from '../../src/web/ports.ts'
import { fixedPort } from './web-fixture.ts'

/** A port over the real engine and series in memory. */
export function enginePort(source: MemorySource, nowMs: number): PrometheusPort {
  const engine = createEngine()
  return fixedPort({
    now: () => nowMs,
    source,
    query: (expression, atMs) =>
      translateErrors(() => {
        const { value, ...notes } = engine.instant(source, expression, atMs)
        return { value: toAnswer(value), ...notes }
      }),
    queryRange: (expression, startMs, endMs, stepMs) =>
      translateErrors(() => {
        const { value, ...notes } = engine.range(source, expression, startMs, endMs, stepMs)
        return { value: toAnswer(value), ...notes }
      }),
    parseSelector: (selector) => {
      const expr = translateErrors(() => engine.parse(selector))
      return expr.kind === 'vector' ? expr.matchers : []
    },
    formatQuery: (expression) => translateErrors(() => prettyPrint(engine.parse(expression))),
  })
}

function toAnswer(value: QueryValue): AnswerValue {
  if (value.type === 'vector') {
    const { timeMs, samples } = value
    return {
      type: 'vector',
      samples: samples.map(({ labels, value, histogram }) => ({
        labels,
        timeMs,
        value: histogram ?? value,
      })),
    }
  }
  if (value.type !== 'matrix') return value
  return {
    type: 'matrix',
    series: value.series.map(({ labels, times, values }) => ({
      labels,
      samples: Array.from(times, (timeMs, i) => [timeMs, values[i]!] as const),
    })),
  }
}
