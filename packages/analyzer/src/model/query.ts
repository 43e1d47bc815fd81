import type { NativeHistogram } from '@chokepoint/promql'
import type { Labels } from './labels.ts'

/** One element of an instant answer. A scalar answer is one element without labels. */
export interface QuerySample {
  readonly labels: Labels
  /** 0 of a native histogram, as in Prometheus' templates. */
  readonly value: number
  /** Only in what rules ask for: thresholds and charts need numbers. */
  readonly histogram?: NativeHistogram
}

/** One line of a range answer; times are Unix milliseconds, in order. */
export interface QuerySeries {
  readonly labels: Labels
  /** May be made anew each time it is asked for. */
  readonly points: readonly (readonly [timeMs: number, value: number])[]
}

/** Evaluates PromQL at one instant. Throws a `ChokepointError` when it cannot. */
export type QueryFunc = (expression: string, atMs: number) => readonly QuerySample[]

/** Evaluates PromQL at each step of a range, both ends included. */
export type QueryRangeFunc = (
  expression: string,
  startMs: number,
  endMs: number,
  stepMs: number,
) => readonly QuerySeries[]

/** As {@link QueryFunc}, but may rest between steps, so that others are served in between. */
export type QueryStepsFunc = (
  expression: string,
  atMs: number,
) => Generator<void, readonly QuerySample[]>

/** As {@link QueryRangeFunc}, but may rest between steps. */
export type QueryRangeStepsFunc = (
  expression: string,
  startMs: number,
  endMs: number,
  stepMs: number,
) => Generator<void, readonly QuerySeries[]>
