import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LabelSet, Matcher, NativeHistogram, SeriesSource } from '@chokepoint/promql'
import type { Recommendation } from '../model/recommendation.ts'
import type { RuleGroupStatus } from '../model/rule-status.ts'

/** One element of an instant vector. */
export interface AnswerSample {
  readonly labels: LabelSet
  readonly timeMs: number
  readonly value: number | NativeHistogram
}

/** One series of a matrix: its samples in order of time. */
export interface AnswerSeries {
  readonly labels: LabelSet
  readonly samples: readonly (readonly [timeMs: number, value: number | NativeHistogram])[]
}

/** What a query evaluates to, by PromQL type. */
export type AnswerValue =
  | { readonly type: 'scalar'; readonly timeMs: number; readonly value: number }
  | { readonly type: 'string'; readonly timeMs: number; readonly value: string }
  | { readonly type: 'vector'; readonly samples: readonly AnswerSample[] }
  | { readonly type: 'matrix'; readonly series: readonly AnswerSeries[] }

/** How long a query took. The engine does not count the samples that it reads. */
export interface AnswerStats {
  readonly evaluationSeconds: number
}

export interface QueryAnswer {
  readonly value: AnswerValue
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

/**
 * All that Prometheus' HTTP API reads of one tenant. What parses PromQL throws `QUERY_INVALID`, with
 * Prometheus' words (`1:5: parse error: …`); what evaluates it throws `QUERY_FAILED`, `QUERY_LIMIT` or
 * `QUERY_TIMEOUT`.
 */
export interface PrometheusPort {
  /** Unix milliseconds: what `time` is when a query does not say. */
  readonly now: () => number
  readonly source: SeriesSource
  readonly query: (expression: string, atMs: number, options: AnswerOptions) => QueryAnswer
  readonly queryRange: (
    expression: string,
    startMs: number,
    endMs: number,
    stepMs: number,
    options: AnswerOptions,
  ) => QueryAnswer
  /** The matchers of a series selector such as `up{job="api"}`. */
  readonly parseSelector: (selector: string) => readonly Matcher[]
  /** The expression in Prometheus' own layout. */
  readonly formatQuery: (expression: string) => string
  /** The expression's tree, as Prometheus' `/parse_query` writes it. */
  readonly parseQuery: (expression: string) => unknown
  readonly metadata: () => Iterable<readonly [metric: string, metadata: readonly MetricMetadata[]]>
  readonly ruleGroups: () => readonly RuleGroupStatus[]
}

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
