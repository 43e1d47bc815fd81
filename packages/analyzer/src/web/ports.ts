import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LabelSet, Matcher, QueryValue, SourceSeries } from '@chokepoint/promql'
import type { AnalyzerView } from '../model/analyzer-view.ts'
import type { Recommendation } from '../model/recommendation.ts'
import type { RuleGroupStatus } from '../model/rule-status.ts'

/** What a query took. */
export interface AnswerStats {
  /** With the rests in which others were served. */
  readonly evaluationSeconds: number
  /** Samples that it looked at, a sample once for each step that did. */
  readonly samplesTotal: number
  /** Samples that it read. */
  readonly samplesRead: number
  /** The most that it held at once. */
  readonly samplesPeak: number
}

export interface QueryAnswer {
  readonly value: QueryValue
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
  readonly stats?: AnswerStats
}

export interface AnswerOptions {
  readonly timeoutMs?: number
  readonly lookbackMs?: number
}

/** What is known of a metric beside its samples. */
export interface MetricMetadata {
  readonly type: string
  readonly help: string
  readonly unit: string
}

/** Exemplars of one series, oldest first. */
export interface ExemplarSeries {
  readonly labels: LabelSet
  readonly exemplars: readonly {
    readonly timeMs: number
    readonly value: number
    /** `trace_id`, `span_id`, and attributes that the series does not have. */
    readonly labels: Readonly<Record<string, string>>
  }[]
}

/**
 * All that Prometheus' HTTP API reads of one tenant. What parses PromQL throws `QUERY_INVALID`, with
 * Prometheus' words (`1:5: parse error: …`); what evaluates it throws `QUERY_FAILED`, `QUERY_LIMIT` or
 * `QUERY_TIMEOUT`.
 */
export interface PrometheusPort {
  /** Unix milliseconds: what `time` is when a query does not say. */
  readonly now: () => number
  /** The series that match and may have samples between two instants. */
  readonly select: (
    matchers: readonly Matcher[],
    fromMs: number,
    toMs: number,
  ) => Generator<void, readonly SourceSeries[]>
  readonly query: (
    expression: string,
    atMs: number,
    options: AnswerOptions,
  ) => Generator<void, QueryAnswer>
  readonly queryRange: (
    expression: string,
    startMs: number,
    endMs: number,
    stepMs: number,
    options: AnswerOptions,
  ) => Generator<void, QueryAnswer>
  /** The matchers of a series selector such as `up{job="api"}`. */
  readonly parseSelector: (selector: string) => readonly Matcher[]
  /** The exemplars between two instants of the series that an expression reads. */
  readonly exemplars: (
    expression: string,
    fromMs: number,
    toMs: number,
  ) => readonly ExemplarSeries[]
  /** The expression in Prometheus' own layout. */
  readonly formatQuery: (expression: string) => string
  /** The expression's tree, as Prometheus' `/parse_query` writes it. */
  readonly parseQuery: (expression: string) => unknown
  readonly metadata: () => Iterable<readonly [metric: string, metadata: readonly MetricMetadata[]]>
  readonly ruleGroups: () => readonly RuleGroupStatus[]
}

/** Does work in steps, with others served in between. */
export type RunSteps = <Result>(steps: Generator<void, Result>) => Promise<Result>

/** Computes something of a tenant's view at one instant; `of` must be pure, and may be begun several times. */
export type ComputeView = <Result>(
  tenant: string,
  of: (view: AnalyzerView) => Result,
) => Promise<Result>

export type RecommendationAction = 'acknowledge' | 'ignore' | 'reopen'

/** Throws `NOT_FOUND` for an unknown id, `PARAMETER_INVALID` where the state does not allow the action. */
export type ActOnRecommendation = (
  tenant: string,
  id: string,
  action: RecommendationAction,
) => Recommendation

/** What the API shows of webhooks; secrets are masked before they come here. */
export interface WebhookPort {
  readonly list: () => readonly unknown[]
  /** Newest first. */
  readonly deliveries: () => readonly unknown[]
  /** Sends `webhook.test` to every endpoint, or to the one named; resolves to the deliveries made. */
  readonly test: (endpoint?: string) => Promise<unknown>
  /** Throws `NOT_FOUND` for an unknown delivery. */
  readonly redeliver: (id: string) => Promise<unknown>
}

/** Takes a raw OTLP request and answers it by itself; `path` prefixes are cut off already. */
export type OtlpHandler = (request: IncomingMessage, response: ServerResponse) => void
