import {
  type Engine,
  PromqlError,
  type PromqlErrorCode,
  type QueryResult,
  type RangeQueryResult,
  runThrough,
  type SeriesSource,
  type SharedResults,
} from '@chokepoint/promql'
import { ChokepointError, type ErrorCode } from './model/errors.ts'
import type { Questions, Respondent } from './model/interview.ts'
import type { Labels } from './model/labels.ts'
import type { QueryFunc, QuerySample, QuerySeries, QueryStepsFunc } from './model/query.ts'

/** Answers with floats only, as thresholds and charts need them, and with all of them to rules. */
export interface RuleRespondent extends Respondent {
  /** As `query`, with native histograms. */
  readonly whole: QueryStepsFunc
}

/** Points of answers that one step makes: half a millisecond. */
const POINTS_A_STEP = 4000

/** The functions through which rules, detectors and reports see the engine: at once, and in steps. */
export interface QueryFunctions extends Questions {
  /** As `query`, with native histograms. */
  readonly whole: QueryFunc
  readonly inSteps: RuleRespondent
  /** In steps as well, with what earlier questions of a pass came to. */
  readonly sharing: (results: SharedResults) => RuleRespondent
}

/** Asks one source through an engine. */
export function createQueryFunctions(engine: Engine, source: SeriesSource): QueryFunctions {
  const sharing = (results?: SharedResults): RuleRespondent => ({
    *query(expression, atMs) {
      const steps = engine.instantInSteps(source, expression, atMs, results)
      return samplesOf(expression, yield* translateErrorsInSteps(steps), false)
    },
    *whole(expression, atMs) {
      const steps = engine.instantInSteps(source, expression, atMs, results)
      return samplesOf(expression, yield* translateErrorsInSteps(steps), true)
    },
    *queryRange(expression, startMs, endMs, stepMs) {
      const steps = engine.rangeInSteps(source, expression, startMs, endMs, stepMs, results)
      return yield* seriesOf(yield* translateErrorsInSteps(steps))
    },
  })
  const inSteps = sharing()
  return {
    inSteps,
    sharing,
    query: (expression, atMs) => runThrough(inSteps.query(expression, atMs)),
    whole: (expression, atMs) => runThrough(inSteps.whole(expression, atMs)),
    queryRange: (expression, startMs, endMs, stepMs) =>
      runThrough(inSteps.queryRange(expression, startMs, endMs, stepMs)),
  }
}

function samplesOf(
  expression: string,
  { value }: QueryResult,
  whole: boolean,
): readonly QuerySample[] {
  if (value.type === 'scalar') return [{ labels: {}, value: value.value }]
  if (value.type !== 'vector') throw wrongType(expression, value.type)
  const samples: QuerySample[] = []
  for (const { labels, value: number, histogram } of value.samples) {
    if (histogram === undefined) samples.push({ labels: labels.toRecord(), value: number })
    else if (whole) samples.push({ labels: labels.toRecord(), value: 0, histogram })
  }
  return samples
}

function* seriesOf({ value }: RangeQueryResult): Generator<void, readonly QuerySeries[]> {
  const all: QuerySeries[] = []
  let points = 0
  for (const { labels, times, values } of value.series) {
    all.push(new AnsweredSeries(labels.toRecord(), times, values))
    points += times.length
    if (points < POINTS_A_STEP) continue
    points = 0
    yield
  }
  return all
}

/** Keeps two arrays: a pass of detectors holds many answers, and a pair of numbers is six times as large as the numbers. */
class AnsweredSeries implements QuerySeries {
  readonly labels: Labels
  readonly #times: Float64Array
  readonly #values: Float64Array

  constructor(labels: Labels, times: Float64Array, values: Float64Array) {
    this.labels = labels
    this.#times = times
    this.#values = values
  }

  get points(): QuerySeries['points'] {
    return Array.from(this.#times, (timeMs, i) => [timeMs, this.#values[i]!] as const)
  }
}

const CODES: Readonly<Record<PromqlErrorCode, ErrorCode>> = {
  parse_error: 'QUERY_INVALID',
  execution_error: 'QUERY_FAILED',
  too_many_samples: 'QUERY_LIMIT',
  too_many_series: 'QUERY_LIMIT',
  too_deep: 'QUERY_LIMIT',
  timeout: 'QUERY_TIMEOUT',
}

/** Gives the engine's errors the codes of the analyzer; the words stay. */
export function translateErrors<Answer>(ask: () => Answer): Answer {
  try {
    return ask()
  } catch (error) {
    throw translated(error)
  }
}

/** The same for what the engine does in steps. */
export function* translateErrorsInSteps<Answer>(
  steps: Generator<void, Answer>,
): Generator<void, Answer> {
  try {
    return yield* steps
  } catch (error) {
    throw translated(error)
  }
}

function translated(error: unknown): unknown {
  if (!(error instanceof PromqlError)) return error
  return new ChokepointError(CODES[error.code], error.message, { cause: error })
}

function wrongType(expression: string, type: string): ChokepointError {
  return new ChokepointError(
    'QUERY_FAILED',
    `cannot use the answer of ${expression}: it is a ${type}, and an instant vector or a scalar is needed`,
  )
}
