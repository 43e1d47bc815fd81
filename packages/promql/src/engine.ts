import { type Expr, typeOf, unwrapParens } from './ast.ts'
import { PromqlError } from './errors.ts'
import { Annotations } from './evaluate/annotations.ts'
import { scalarBlock } from './evaluate/block.ts'
import { requireDistinct } from './evaluate/duplicates.ts'
import { Evaluator } from './evaluate/evaluator.ts'
import { type Frame, instantFrame } from './evaluate/frame.ts'
import { Projections } from './evaluate/grouping.ts'
import { prepare } from './evaluate/prepare.ts'
import { type Limits, Query } from './evaluate/query.ts'
import type { SharedResults } from './evaluate/shared-results.ts'
import { runThrough, type Steps } from './evaluate/steps.ts'
import { dropDelayedNames } from './evaluate/vector-functions.ts'
import { parse } from './parse/parse.ts'
import {
  matrixOfBlock,
  matrixOfSelector,
  type QueryValue,
  type RangeSeries,
  vectorOfBlock,
} from './result.ts'
import { SampleBuffer } from './sample-buffer.ts'
import type { SeriesSource } from './series-source.ts'

/** How an engine evaluates. Everything has Prometheus' default. */
export interface EngineOptions {
  /** How old a sample may be to count as current. Default 5 minutes. */
  readonly lookbackMs?: number
  /** The step of subqueries that name none. Default 1 minute. */
  readonly subqueryStepMs?: number
  /** Allows experimental functions, `anchored`, `smoothed` and `fill`. Default false. */
  readonly experimental?: boolean
  /** Drops metric names at the end of a query only. Default: as `experimental`. */
  readonly delayedNameRemoval?: boolean
  /** `rate`, `increase`, `irate` and `resets` look at start timestamps. Default: as `experimental`. */
  readonly startTimestamps?: boolean
  /** Takes the `__type__` label, not the name's suffix, to tell counters. Default false. */
  readonly typeAndUnitLabels?: boolean
  readonly limits?: Partial<Limits>
  /** Cells or samples that one step of `instantInSteps` works on. Default 8192, about half a millisecond. */
  readonly cellsPerStep?: number
  /** The clock for `limits.timeoutMs`. Default `performance.now`. */
  readonly now?: () => number
}

/** What a query gives. */
export interface QueryResult {
  readonly value: QueryValue
  /** Texts of what may be wrong with the result. */
  readonly warnings: readonly string[]
  /** Texts of what may surprise about it. */
  readonly infos: readonly string[]
  /**
   * Samples that it looked at, a sample once for each step that did; those that it read; and the most that it
   * held at once.
   */
  readonly samples: { readonly total: number; readonly read: number; readonly peak: number }
}

/** A range query's result is always a matrix. */
export interface RangeQueryResult extends QueryResult {
  readonly value: { readonly type: 'matrix'; readonly series: readonly RangeSeries[] }
}

/** Evaluates PromQL over any source of series. Keeps nothing of a query but caches of parsed text and group keys. */
export interface Engine {
  /** Evaluates at one instant (milliseconds since 1970). */
  instant(source: SeriesSource, query: string | Expr, atMs: number): QueryResult
  /** Evaluates at every step from start to end (both inclusive, milliseconds). */
  range(
    source: SeriesSource,
    query: string | Expr,
    startMs: number,
    endMs: number,
    stepMs: number,
  ): RangeQueryResult
  /**
   * The same as `instant`, in steps of about half a millisecond: the caller decides when the next one is taken,
   * and may ask other queries in between. `shared` has what earlier queries came to.
   */
  instantInSteps(
    source: SeriesSource,
    query: string | Expr,
    atMs: number,
    shared?: SharedResults,
  ): Steps<QueryResult>
  /** The same as `range`, in steps. */
  rangeInSteps(
    source: SeriesSource,
    query: string | Expr,
    startMs: number,
    endMs: number,
    stepMs: number,
    shared?: SharedResults,
  ): Steps<RangeQueryResult>
  /** Parses with the engine's options; a text parsed before is not parsed again. */
  parse(query: string): Expr
}

const DEFAULT_LIMITS: Limits = {
  samplesMax: 50_000_000,
  seriesMax: 1_000_000,
  stepsMax: 1_000_000,
  timeoutMs: 120_000,
}

/** Parsed queries kept: rules and dashboards ask the same few over and over. */
const PARSED_MAX = 1000

/** Makes an engine. */
export function createEngine(options: EngineOptions = {}): Engine {
  return new PromqlEngine(options)
}

class PromqlEngine implements Engine {
  readonly #options: EngineOptions
  readonly #limits: Limits
  readonly #projections = new Projections()
  readonly #buffer = new SampleBuffer()
  readonly #parsed = new Map<string, Expr>()

  constructor(options: EngineOptions) {
    this.#options = options
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
  }

  parse(query: string): Expr {
    let expr = this.#parsed.get(query)
    if (expr === undefined) {
      expr = parse(query, { experimental: this.#options.experimental ?? false })
      if (this.#parsed.size >= PARSED_MAX) this.#parsed.delete(this.#parsed.keys().next().value!)
      this.#parsed.set(query, expr)
    }
    return expr
  }

  instant(source: SeriesSource, text: string | Expr, atMs: number): QueryResult {
    return runThrough(this.instantInSteps(source, text, atMs))
  }

  range(
    source: SeriesSource,
    text: string | Expr,
    startMs: number,
    endMs: number,
    stepMs: number,
  ): RangeQueryResult {
    return runThrough(this.rangeInSteps(source, text, startMs, endMs, stepMs))
  }

  *instantInSteps(
    source: SeriesSource,
    text: string | Expr,
    atMs: number,
    shared?: SharedResults,
  ): Steps<QueryResult> {
    const expr = typeof text === 'string' ? this.parse(text) : text
    const prepared = prepare(expr, { startMs: atMs, endMs: atMs, stepMs: 0 })
    const query = this.#query(source, shared)
    const evaluator = new Evaluator(query, prepared, this.#projections)
    const value = yield* evaluateInstant(evaluator, query, prepared.expr, instantFrame(atMs))
    const notes = query.annotations.render(typeof text === 'string' ? text : '')
    return { value, ...notes, samples: query.usage }
  }

  *rangeInSteps(
    source: SeriesSource,
    text: string | Expr,
    startMs: number,
    endMs: number,
    stepMs: number,
    shared?: SharedResults,
  ): Steps<RangeQueryResult> {
    const expr = typeof text === 'string' ? this.parse(text) : text
    const frame = this.#frame(expr, startMs, endMs, stepMs)
    const prepared = prepare(expr, { startMs, endMs, stepMs })
    const query = this.#query(source, shared)
    query.checkSteps(frame.steps)
    const evaluator = new Evaluator(query, prepared, this.#projections)
    const series = yield* evaluateRange(evaluator, query, prepared.expr, frame)
    return {
      value: { type: 'matrix', series },
      ...query.annotations.render(typeof text === 'string' ? text : ''),
      samples: query.usage,
    }
  }

  #frame(expr: Expr, startMs: number, endMs: number, stepMs: number): Frame {
    if (!(stepMs > 0)) {
      throw new PromqlError(
        'execution_error',
        `zero or negative query resolution step widths are not accepted: step is ${stepMs} ms`,
      )
    }
    if (endMs < startMs) {
      throw new PromqlError('execution_error', 'end timestamp must not be before start time')
    }
    const type = typeOf(expr)
    if (type !== 'vector' && type !== 'scalar') {
      const shown = type === 'matrix' ? 'range vector' : type
      throw new PromqlError(
        'execution_error',
        `invalid expression type "${shown}" for range query, must be Scalar or instant Vector`,
      )
    }
    return { startMs, stepMs, steps: Math.floor((endMs - startMs) / stepMs) + 1 }
  }

  #query(source: SeriesSource, shared: SharedResults | undefined): Query {
    const experimental = this.#options.experimental ?? false
    return new Query({
      source,
      annotations: new Annotations(),
      lookbackMs: this.#options.lookbackMs ?? 300_000,
      subqueryStepMs: this.#options.subqueryStepMs ?? 60_000,
      delayedNames: this.#options.delayedNameRemoval ?? experimental,
      startTimestamps: this.#options.startTimestamps ?? experimental,
      typeAndUnitLabels: this.#options.typeAndUnitLabels ?? false,
      buffer: this.#buffer,
      shared,
      buckets: this.#projections.buckets,
      limits: this.#limits,
      cellsPerStep: this.#options.cellsPerStep ?? 8192,
      now: this.#options.now ?? (() => performance.now()),
    })
  }
}

function* evaluateInstant(
  evaluator: Evaluator,
  query: Query,
  expr: Expr,
  frame: Frame,
): Steps<QueryValue> {
  const timeMs = frame.startMs
  switch (typeOf(expr)) {
    case 'string': {
      const literal = unwrapParens(expr)
      return { type: 'string', timeMs, value: literal.kind === 'string' ? literal.value : '' }
    }
    case 'scalar':
      return { type: 'scalar', timeMs, value: (yield* evaluator.scalar(expr, frame))[0]! }
    case 'vector': {
      const block = yield* dropDelayedNames(query, yield* evaluator.vector(expr, frame))
      const samples = yield* vectorOfBlock(query, yield* requireDistinct(query, block))
      return { type: 'vector', timeMs, samples }
    }
    case 'matrix': {
      const range = unwrapParens(expr)
      if (range.kind === 'subquery') {
        const { block, frame: inner } = yield* evaluator.subquery(range, frame)
        const series = yield* matrixOfBlock(query, yield* dropDelayedNames(query, block), inner)
        return { type: 'matrix', series }
      }
      if (range.kind !== 'matrix') throw new TypeError('a range was expected')
      return { type: 'matrix', series: yield* matrixOfSelector(query, range, frame) }
    }
  }
}

function* evaluateRange(
  evaluator: Evaluator,
  query: Query,
  expr: Expr,
  frame: Frame,
): Steps<RangeSeries[]> {
  const block =
    typeOf(expr) === 'vector'
      ? yield* dropDelayedNames(query, yield* evaluator.vector(expr, frame))
      : scalarBlock(yield* evaluator.scalar(expr, frame))
  return yield* matrixOfBlock(query, block, frame)
}
