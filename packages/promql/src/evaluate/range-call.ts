import type { Call, MatrixSelector, Subquery } from '../ast.ts'
import { executionError, type Span } from '../errors.ts'
import type { RangeCall, RangeFunction } from '../functions/range-function.ts'
import { RangeResult } from '../functions/range-function.ts'
import { quote } from '../go-format.ts'
import { type LabelSet, METRIC_NAME } from '../label-set.ts'
import type { SampleBuffer } from '../sample-buffer.ts'
import type { ReadableSeries } from '../series-source.ts'
import { type Block, BlockBuilder, dropsName } from './block.ts'
import { requireDistinct } from './duplicates.ts'
import type { Frame } from './frame.ts'
import { lookupFrame } from './instant-selector.ts'
import { atOf, msOf } from './prepare.ts'
import type { Query } from './query.ts'
import type { Steps } from './steps.ts'
import { Window } from './window.ts'

/** The series that a range function goes over, one after the other. */
export interface WindowSource {
  readonly rows: number
  readonly distinct: boolean
  labels(row: number): LabelSet
  /** The row's name goes at the end already. */
  dropsName(row: number): boolean
  load(row: number, window: Window): void
}

/** A subquery's result with the instants of its columns. */
export interface SubqueryResult {
  readonly block: Block
  readonly frame: Frame
}

/** Range functions whose results are of the same metric still. */
export const KEEPS_NAME: ReadonlySet<string> = new Set(['last_over_time', 'first_over_time'])
const USES_START_TIMES: ReadonlySet<string> = new Set(['rate', 'irate', 'increase', 'resets'])
const ANCHORED_SAFE = ['changes', 'delta', 'increase', 'rate', 'resets']
const SMOOTHED_SAFE = ['delta', 'increase', 'rate']

/** Applies a range function at every step of the frame. */
export function* callRangeFunction(
  query: Query,
  call: Call,
  range: MatrixSelector | Subquery,
  source: WindowSource,
  scalars: readonly Float64Array[],
  frame: Frame,
  fn: RangeFunction,
): Steps<Block> {
  const extended = range.kind === 'matrix' ? range.vector.extended : undefined
  checkExtension(call, extended)
  const timing = timingOf(range, frame)
  // Prometheus loses the place of a subquery when it evaluates it; its messages point at the start.
  const span = call.args[0]!.kind === 'subquery' ? { start: 0, end: 0 } : call.args[0]!.span
  const result = new RangeResult()
  const atStep = new Float64Array(scalars.length)
  const context: RangeCall = {
    annotations: query.annotations,
    rangeMs: timing.rangeMs,
    extended,
    span,
    scalars: atStep,
    result,
  }
  const before = extended === undefined ? 0 : query.lookbackMs
  const after = extended === 'smoothed' ? query.lookbackMs : 0
  const drops = !KEEPS_NAME.has(call.fn.name)
  const out = new BlockBuilder(frame.steps, source.rows)
  const checksCounters = call.fn.name === 'rate' || call.fn.name === 'increase'
  let checked = ''
  let kept = 0
  const window = new Window()
  for (let row = 0; row < source.rows; row++) {
    query.checkTime()
    if (query.mayRest(query.buffer.size + frame.steps)) yield
    source.load(row, window)
    const labels = source.labels(row)
    const dropName = drops || source.dropsName(row)
    const base = out.add(
      dropName && !query.delayedNames ? labels.withoutName() : labels,
      dropName && query.delayedNames,
    )
    let found = 0
    let floats = 0
    let looked = 0
    for (let step = 0; step < frame.steps; step++) {
      window.stepMs = frame.startMs + step * frame.stepMs
      window.rangeEndMs = timing.startMs + step * timing.stepMs
      window.rangeStartMs = window.rangeEndMs - timing.rangeMs
      window.slide(window.rangeStartMs - before, window.rangeEndMs + after)
      const seen = window.floats + window.histogramCount
      if (seen === 0) continue
      looked += seen
      for (let i = 0; i < scalars.length; i++) atStep[i] = scalars[i]![step]!
      result.kind = 1
      const value = fn(window, context)
      if (result.kind === 0) continue
      if (result.kind === 2) out.setHistogram(base + step, result.histogram!)
      else {
        out.values[base + step] = value
        out.kinds[base + step] = 1
        floats++
      }
      found++
    }
    kept += found
    query.look(looked)
    query.hold(found)
    if (found === 0) out.undo()
    else if (floats > 0 && checksCounters) {
      // All rows have one name, or rows of one follow each other: one look is enough for all of them.
      if (source.distinct && checked !== '' && !query.typeAndUnitLabels) continue
      const { metricName } = labels
      if (metricName !== checked || query.typeAndUnitLabels) checkCounterName(query, labels, span)
      checked = metricName
    }
  }
  query.releaseTo(query.samples - kept)
  const block = out.build(source.distinct)
  // Of absent_over_time the rows themselves do not come out.
  const mayRepeat = query.delayedNames || call.fn.name === 'absent_over_time'
  return mayRepeat ? block : yield* requireDistinct(query, block)
}

/** Where the windows of a range argument end, for each step. */
export function timingOf(range: MatrixSelector | Subquery, frame: Frame) {
  const selector = range.kind === 'matrix' ? range.vector : range
  const lookup = lookupFrame(frame, msOf(selector.offset), atOf(selector.at))
  return { ...lookup, rangeMs: msOf(range.range) }
}

/** The series of a range selector. */
export function* selectRange(
  query: Query,
  range: MatrixSelector,
  frame: Frame,
  functionName: string,
  prepareBuffer?: (buffer: SampleBuffer) => void,
): Steps<WindowSource> {
  const { fromMs, toMs } = reachOf(query, range, frame)
  const { matchers } = range.vector
  const series = yield* query.select(matchers, fromMs, toMs)
  const labels = (row: number) => series[row]!.labels
  return {
    ...windowsOf(query, range, frame, functionName, series, labels, prepareBuffer),
    distinct: matchers.some((matcher) => matcher.name === METRIC_NAME && matcher.type === '='),
    labels,
  }
}

/** The times of samples that the windows of a range selector need. */
export function reachOf(query: Query, range: MatrixSelector, frame: Frame) {
  const { startMs, endMs, rangeMs } = timingOf(range, frame)
  const { extended } = range.vector
  return {
    fromMs: startMs - rangeMs + 1 - (extended === undefined ? 0 : query.lookbackMs),
    toMs: endMs + (extended === 'smoothed' ? query.lookbackMs : 0),
  }
}

/** The windows of some series; `namedBy` tells whose they are in messages. */
export function windowsOf(
  query: Query,
  range: MatrixSelector,
  frame: Frame,
  functionName: string,
  series: readonly ReadableSeries[],
  namedBy: (row: number) => LabelSet,
  prepareBuffer?: (buffer: SampleBuffer) => void,
): Pick<WindowSource, 'rows' | 'dropsName' | 'load'> {
  const { fromMs, toMs } = reachOf(query, range, frame)
  const withStartTimes = query.startTimestamps && USES_START_TIMES.has(functionName)
  const buffer = query.buffer
  let held = 0
  return {
    rows: series.length,
    dropsName: () => false,
    load: (row, window) => {
      buffer.clear()
      series[row]!.read(fromMs, toMs, buffer)
      // Only the samples of one series are held at a time.
      query.releaseTo(query.samples - held)
      held = buffer.size
      query.noteRead(held)
      query.hold(held)
      prepareBuffer?.(buffer)
      window.load(namedBy(row), buffer, withStartTimes)
    },
  }
}

/** The rows of a subquery's result. */
export function subqueryWindows(result: SubqueryResult): WindowSource {
  const { block, frame } = result
  return {
    rows: block.rows,
    distinct: block.distinct,
    labels: (row) => block.labels[row]!,
    dropsName: (row) => dropsName(block, row),
    load: (row, window) => window.loadRow(block, row, frame.startMs, frame.stepMs),
  }
}

/** The instants of a subquery: multiples of its step, as many as the windows of the frame need. */
export function subqueryFrame(query: Query, subquery: Subquery, frame: Frame): Frame | undefined {
  const { startMs, endMs, rangeMs } = timingOf(subquery, frame)
  const stepMs = subquery.step === undefined ? query.subqueryStepMs : msOf(subquery.step)
  const interval = Math.max(1, stepMs)
  let first = interval * Math.trunc((startMs - rangeMs) / interval)
  if (first <= startMs - rangeMs) first += interval
  if (endMs < first) return undefined
  const steps = Math.floor((endMs - first) / interval) + 1
  query.checkSteps(steps)
  return { startMs: first, stepMs: interval, steps }
}

function checkExtension(call: Call, extended: 'anchored' | 'smoothed' | undefined): void {
  if (extended === undefined) return
  const safe = extended === 'anchored' ? ANCHORED_SAFE : SMOOTHED_SAFE
  if (safe.includes(call.fn.name)) return
  throw executionError(
    `${extended} modifier can only be used with: ${safe.join(', ')} - not with ${call.fn.name}`,
  )
}

const COUNTER_SUFFIXES = ['_total', '_sum', '_count', '_bucket']

/** Whether a metric's name says that it counts. */
export function isCounterName(metric: string): boolean {
  return COUNTER_SUFFIXES.some((suffix) => metric.endsWith(suffix))
}

function checkCounterName(query: Query, labels: LabelSet, span: Span): void {
  const metric = labels.metricName
  if (metric === '') return
  if (query.typeAndUnitLabels) {
    const type = labels.get('__type__')
    if (type === 'counter' || type === 'histogram') return
    query.annotations.info(
      `metric might not be a counter, __type__ label is not set to "counter" or "histogram", got ${quote(type)}: ${quote(metric)}`,
      span,
    )
    return
  }
  if (isCounterName(metric)) return
  query.annotations.info(
    `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${quote(metric)}`,
    span,
  )
}
