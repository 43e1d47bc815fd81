import type { NativeHistogram } from '@chokepoint/promql'
import type { Labels } from '../model/labels.ts'
import type { QueryFunc, QueryStepsFunc } from '../model/query.ts'

/**
 * Keeps one sample of a series that a rule makes, readable by the next query. `stale` ends the series, as
 * Prometheus' stale markers do.
 */
export type RecordFunc = (
  name: string,
  labels: Labels,
  timeMs: number,
  value: number | NativeHistogram | 'stale',
) => void

/** What a rule may see and do while it is evaluated. */
export interface RuleContext {
  /** For the rule's expressions: it may rest, and other rules be evaluated meanwhile. */
  readonly ask: QueryStepsFunc
  /** For templates. */
  readonly query: QueryFunc
  readonly nowMs: number
  /** The instant that the rule's expression is evaluated at: now, less the group's query offset. */
  readonly queryMs: number
  /** The most alerts or series the rule may give; 0 is no limit. */
  readonly limit: number
  readonly externalLabels: Labels
  readonly externalUrl: string
}

/** One series that an evaluation gave. */
export interface RuleSample {
  readonly name: string
  readonly labels: Labels
  readonly value: number | NativeHistogram
  /** Tells the series of one rule apart; made once, because a rule may give thousands. */
  readonly key: string
}
