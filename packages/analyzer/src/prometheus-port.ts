import {
  type Engine,
  type Matcher,
  prettyPrint,
  type QueryValue,
  type RangeSeries,
} from '@chokepoint/promql'
import { ChokepointError } from './model/errors.ts'
import type { RuleGroupStatus } from './model/rule-status.ts'
import { prometheusTree } from './prometheus-tree.ts'
import { translateErrors } from './query-functions.ts'
import type { TenantStore } from './store/tenant-store.ts'
import type { AnswerOptions, AnswerSeries, AnswerValue, PrometheusPort } from './web/ports.ts'

interface PortParts {
  readonly engine: Engine
  /** An engine as the request wants it, where that differs from the usual one. */
  readonly engineWith: (options: AnswerOptions) => Engine
  readonly store: () => TenantStore
  readonly clock: () => number
  readonly ruleGroups: () => readonly RuleGroupStatus[]
}

/** What Prometheus' HTTP API reads of one tenant. */
export function createPrometheusPort(parts: PortParts): PrometheusPort {
  const { engine, store, clock, ruleGroups } = parts
  const engineFor = (options: AnswerOptions): Engine =>
    options.lookbackMs === undefined && options.timeoutMs === undefined
      ? engine
      : parts.engineWith(options)
  const source: PrometheusPort['source'] = {
    select: (matchers, fromMs, toMs) => store().select(matchers, fromMs, toMs),
  }
  return {
    now: clock,
    source,
    query: (expression, atMs, options) =>
      translateErrors(() => {
        const started = performance.now()
        const { value, ...notes } = engineFor(options).instant(source, expression, atMs)
        return { value: toAnswer(value), ...notes, stats: statsSince(started) }
      }),
    queryRange: (expression, startMs, endMs, stepMs, options) =>
      translateErrors(() => {
        const started = performance.now()
        const { value, ...notes } = engineFor(options).range(
          source,
          expression,
          startMs,
          endMs,
          stepMs,
        )
        return { value: toAnswer(value), ...notes, stats: statsSince(started) }
      }),
    parseSelector: (selector) => translateErrors(() => matchersOf(engine, selector)),
    formatQuery: (expression) => translateErrors(() => prettyPrint(engine.parse(expression))),
    parseQuery: (expression) => translateErrors(() => prometheusTree(engine.parse(expression))),
    metadata: () =>
      store()
        .metadata()
        .map(({ name, ...metadata }) => [name, [metadata]] as const),
    ruleGroups,
  }
}

function toAnswer(value: QueryValue): AnswerValue {
  switch (value.type) {
    case 'scalar':
    case 'string':
      return value
    case 'vector': {
      const { timeMs } = value
      const samples = value.samples.map((sample) => ({
        labels: sample.labels,
        timeMs,
        value: sample.histogram ?? sample.value,
      }))
      return { type: 'vector', samples }
    }
    case 'matrix':
      return { type: 'matrix', series: value.series.map(mergeSamples) }
  }
}

/** Floats and histograms of a series come apart; the API gives them in one order of time. */
function mergeSamples({
  labels,
  times,
  values,
  histogramTimes,
  histograms,
}: RangeSeries): AnswerSeries {
  const samples: [number, AnswerSeries['samples'][number][1]][] = []
  for (let i = 0; i < times.length; i++) samples.push([times[i]!, values[i]!])
  if (histograms.length > 0) {
    for (const [i, histogram] of histograms.entries()) samples.push([histogramTimes[i]!, histogram])
    samples.sort((a, b) => a[0] - b[0])
  }
  return { labels, samples }
}

function matchersOf(engine: Engine, selector: string): readonly Matcher[] {
  const expr = engine.parse(selector)
  if (expr.kind !== 'vector') {
    throw new ChokepointError(
      'QUERY_INVALID',
      `expected a series selector, got ${JSON.stringify(selector)}`,
    )
  }
  return expr.matchers
}

function statsSince(startedMs: number) {
  return {
    evaluationSeconds: (performance.now() - startedMs) / 1000,
  }
}
