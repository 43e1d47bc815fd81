import {
  childrenOf,
  type Engine,
  type Expr,
  type Matcher,
  prettyPrint,
  type QueryResult,
  type SeriesSource,
} from '@chokepoint/promql'
import type { PointExemplar } from './decode/exemplars.ts'
import { ChokepointError } from './model/errors.ts'
import type { RuleGroupStatus } from './model/rule-status.ts'
import { prometheusTree } from './prometheus-tree.ts'
import { translateErrors, translateErrorsInSteps } from './query-functions.ts'
import type { TenantStore } from './store/tenant-store.ts'
import type { AnswerOptions, AnswerStats, PrometheusPort } from './web/ports.ts'

interface PortParts {
  readonly engine: Engine
  /** An engine as the request wants it, where that differs from the usual one. */
  readonly engineWith: (options: AnswerOptions) => Engine
  readonly store: () => TenantStore
  readonly source: SeriesSource
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
  const { source } = parts
  return {
    now: clock,
    select: (matchers, fromMs, toMs) => store().selectInSteps(matchers, fromMs, toMs),
    *query(expression, atMs, options) {
      const started = performance.now()
      const steps = engineFor(options).instantInSteps(source, expression, atMs)
      const { samples, ...answer } = yield* translateErrorsInSteps(steps)
      return { ...answer, stats: statsOf(samples, started) }
    },
    *queryRange(expression, startMs, endMs, stepMs, options) {
      const started = performance.now()
      const engine = engineFor(options)
      const steps = engine.rangeInSteps(source, expression, startMs, endMs, stepMs)
      const { samples, ...answer } = yield* translateErrorsInSteps(steps)
      return { ...answer, stats: statsOf(samples, started) }
    },
    parseSelector: (selector) => translateErrors(() => matchersOf(engine, selector)),
    exemplars: (expression, fromMs, toMs) => {
      const selectors = selectorsOf(translateErrors(() => engine.parse(expression)))
      const found = selectors.flatMap((matchers) => store().exemplars(matchers, fromMs, toMs))
      // Two selectors of an expression may choose one series.
      return [...new Map(found.map((series) => [series.labels.key, series])).values()].map(
        ({ labels, exemplars }) => ({ labels, exemplars: exemplars.map(withLabels) }),
      )
    },
    formatQuery: (expression) => translateErrors(() => prettyPrint(engine.parse(expression))),
    parseQuery: (expression) => translateErrors(() => prometheusTree(engine.parse(expression))),
    metadata: () =>
      store()
        .metadata()
        .map(({ name, ...metadata }) => [name, [metadata]] as const),
    ruleGroups,
  }
}

/** The matchers of each selector in an expression. */
function selectorsOf(expr: Expr): readonly (readonly Matcher[])[] {
  return expr.kind === 'vector' ? [expr.matchers] : childrenOf(expr).flatMap(selectorsOf)
}

/** An exemplar with its trace as labels, as Prometheus' OTLP receiver writes them. */
function withLabels({ timeMs, value, traceId, spanId, attributes }: PointExemplar) {
  const labels = {
    ...(traceId === '' ? {} : { trace_id: traceId }),
    ...(spanId === '' ? {} : { span_id: spanId }),
    ...Object.fromEntries(attributes),
  }
  return { timeMs, value, labels }
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

function statsOf({ total, read, peak }: QueryResult['samples'], startedMs: number): AnswerStats {
  const evaluationSeconds = (performance.now() - startedMs) / 1000
  return { evaluationSeconds, samplesTotal: total, samplesRead: read, samplesPeak: peak }
}
