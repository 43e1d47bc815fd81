import type { MatrixSelector } from './ast.ts'
import { executionError } from './errors.ts'
import { ABSENT, type Block, HISTOGRAM } from './evaluate/block.ts'
import { extendToBounds } from './evaluate/extend-bounds.ts'
import type { Frame } from './evaluate/frame.ts'
import type { Query } from './evaluate/query.ts'
import { selectRange, timingOf } from './evaluate/range-call.ts'
import { sortInSteps } from './evaluate/sort-in-steps.ts'
import type { Steps } from './evaluate/steps.ts'
import { Window } from './evaluate/window.ts'
import type { NativeHistogram } from './histogram/native-histogram.ts'
import { compareLabelSets, type LabelSet } from './label-set.ts'

/** A series of an instant vector: `value` unless there is a `histogram`. */
export interface VectorSample {
  readonly labels: LabelSet
  readonly value: number
  readonly histogram?: NativeHistogram
}

/** A series of a range vector; floats and histograms apart, each ascending in time. */
export interface RangeSeries {
  readonly labels: LabelSet
  readonly times: Float64Array
  readonly values: Float64Array
  readonly histogramTimes: readonly number[]
  readonly histograms: readonly NativeHistogram[]
}

/** The value of a query, by type. Times are milliseconds since 1970. */
export type QueryValue =
  | { readonly type: 'scalar'; readonly timeMs: number; readonly value: number }
  | { readonly type: 'string'; readonly timeMs: number; readonly value: string }
  | { readonly type: 'vector'; readonly timeMs: number; readonly samples: readonly VectorSample[] }
  | { readonly type: 'matrix'; readonly series: readonly RangeSeries[] }

/** The samples of a block of one instant, in the order of its rows. */
export function* vectorOfBlock(query: Query, block: Block): Steps<VectorSample[]> {
  const samples: VectorSample[] = []
  for (let row = 0; row < block.rows; row++) {
    if (query.mayRest(1)) yield
    if (block.kinds[row] === ABSENT) continue
    const labels = block.labels[row]!
    if (block.kinds[row] === HISTOGRAM) {
      samples.push({ labels, value: 0, histogram: block.histograms![row]! })
    } else samples.push({ labels, value: block.values[row]! })
  }
  return samples
}

/** The series of a block over the steps of a frame, sorted by labels. */
export function* matrixOfBlock(query: Query, block: Block, frame: Frame): Steps<RangeSeries[]> {
  const series: RangeSeries[] = []
  for (let row = 0; row < block.rows; row++) {
    if (query.mayRest(block.steps)) yield
    const one = rowSeries(block, row, frame)
    if (one.times.length + one.histogramTimes.length > 0) series.push(one)
  }
  return yield* sortInSteps(series, (a, b) => compareLabelSets(a.labels, b.labels))
}

function rowSeries(block: Block, row: number, frame: Frame): RangeSeries {
  const { steps, kinds } = block
  const base = row * steps
  const times = new Float64Array(steps)
  const values = new Float64Array(steps)
  const histogramTimes: number[] = []
  const histograms: NativeHistogram[] = []
  let size = 0
  for (let step = 0; step < steps; step++) {
    const kind = kinds[base + step]
    if (kind === ABSENT) continue
    const time = frame.startMs + step * frame.stepMs
    if (kind === HISTOGRAM) {
      histogramTimes.push(time)
      histograms.push(block.histograms![base + step]!)
    } else {
      times[size] = time
      values[size++] = block.values[base + step]!
    }
  }
  return {
    labels: block.labels[row]!,
    times: times.subarray(0, size),
    values: values.subarray(0, size),
    histogramTimes,
    histograms,
  }
}

/** The samples themselves that a range selector selects at one instant. */
export function* matrixOfSelector(
  query: Query,
  range: MatrixSelector,
  frame: Frame,
): Steps<RangeSeries[]> {
  const source = yield* selectRange(query, range, frame, '')
  const { startMs: endMs, rangeMs } = timingOf(range, frame)
  const { extended } = range.vector
  const before = extended === undefined ? 0 : query.lookbackMs
  const after = extended === 'smoothed' ? query.lookbackMs : 0
  const series: RangeSeries[] = []
  for (let row = 0; row < source.rows; row++) {
    if (query.mayRest(query.buffer.size)) yield
    // The window's arrays are kept by the result, so each series gets a window of its own.
    const window = new Window()
    source.load(row, window)
    window.slide(endMs - rangeMs - before, endMs + after)
    const { histogramFrom, histogramTo } = window
    if (extended !== undefined && window.histogramCount > 0) {
      throw executionError(`${extended} modifier is not supported with histograms`)
    }
    const one: RangeSeries = {
      labels: source.labels(row),
      times: window.times.slice(window.from, window.to),
      values: window.values.slice(window.from, window.to),
      histogramTimes: window.histogramTimes.slice(histogramFrom, histogramTo),
      histograms: window.histograms.slice(histogramFrom, histogramTo),
    }
    const shown =
      extended === undefined
        ? one
        : { ...one, ...extendToBounds(one, endMs - rangeMs, endMs, extended) }
    if (shown.times.length + shown.histogramTimes.length > 0) series.push(shown)
  }
  return yield* sortInSteps(series, (a, b) => compareLabelSets(a.labels, b.labels))
}
