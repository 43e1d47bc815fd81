import type { Call } from '../ast.ts'
import { DATE_FUNCTIONS, NUMBER_FUNCTIONS, roundTo } from '../functions/elementwise.ts'
import { histogramVariance } from '../histogram/statistics.ts'
import { absence } from './absent.ts'
import { stringArgument } from './arguments.ts'
import { ABSENT, type Block, emptyBlock, FLOAT, scalarBlock } from './block.ts'
import type { Frame } from './frame.ts'
import {
  fractionOfHistograms,
  quantileOfHistograms,
  quantilesOfHistograms,
} from './histogram-functions.ts'
import type { Reading } from './instant-selector.ts'
import { labelJoin, labelReplace } from './label-functions.ts'
import type { Query } from './query.ts'
import { sortByLabel, sortByValue } from './sort.ts'
import type { Steps } from './steps.ts'
import { mapFloats, mapHistograms } from './vector-functions.ts'

/** A call of a function over instant vectors and scalars. */
export interface VectorCall {
  readonly query: Query
  readonly expr: Call
  readonly frame: Frame
  /** The value of an argument that is a vector. */
  vector(index: number): Block
  /** The value of an argument that is a scalar. */
  scalar(index: number): Float64Array
}

type VectorFunction = (call: VectorCall) => Block | Steps<Block>

/** The work of functions that give vectors and take no range, by name. */
export const VECTOR_FUNCTIONS: Readonly<Record<string, VectorFunction>> = {
  ...tableOf(NUMBER_FUNCTIONS, (fn) => (call) => mapFloats(call.query, call.vector(0), fn)),
  ...tableOf(DATE_FUNCTIONS, (part) => (call) => datePart(call, part)),
  absent: (call) => absence(call.expr.args[0]!, call.vector(0), false),
  clamp: (call) => clamp(call, call.scalar(1), call.scalar(2)),
  clamp_max: (call) => clamp(call, constant(call, -Infinity), call.scalar(1)),
  clamp_min: (call) => clamp(call, call.scalar(1), constant(call, Infinity)),
  histogram_avg: (call) => ofHistograms(call, (histogram) => histogram.sum / histogram.count),
  histogram_count: (call) => ofHistograms(call, (histogram) => histogram.count),
  histogram_fraction: ({ query, expr, scalar, vector }) =>
    fractionOfHistograms(query, expr, scalar(0), scalar(1), vector(2)),
  histogram_quantile: ({ query, expr, frame, scalar, vector }) =>
    quantileOfHistograms(query, expr, scalar(0), vector(1), frame),
  histogram_quantiles: ({ query, expr, frame, scalar, vector }) => {
    const quantiles = expr.args.slice(2).map((_, index) => scalar(index + 2))
    return quantilesOfHistograms(query, expr, vector(0), stringArgument(expr, 1), quantiles, frame)
  },
  histogram_stddev: (call) =>
    ofHistograms(call, (histogram) => Math.sqrt(histogramVariance(histogram))),
  histogram_stdvar: (call) => ofHistograms(call, histogramVariance),
  histogram_sum: (call) => ofHistograms(call, (histogram) => histogram.sum),
  label_join: ({ query, expr, vector }) => labelJoin(query, expr, vector(0)),
  label_replace: ({ query, expr, vector }) => labelReplace(query, expr, vector(0)),
  round: (call) => {
    const multiple = call.expr.args.length > 1 ? call.scalar(1) : constant(call, 1)
    return mapFloats(call.query, call.vector(0), (value, step) => roundTo(value, multiple[step]!))
  },
  sort: (call) => sorted(call, (block) => sortByValue(block, false), floatsOf),
  sort_by_label: (call) => sorted(call, (block) => sortByLabel(block, call.expr, false), same),
  sort_by_label_desc: (call) => sorted(call, (block) => sortByLabel(block, call.expr, true), same),
  sort_desc: (call) => sorted(call, (block) => sortByValue(block, true), floatsOf),
  start_timestamp: (call) => timestamps(call, 'start-timestamp'),
  timestamp: (call) => timestamps(call, 'timestamp'),
  vector: ({ scalar }) => scalarBlock(scalar(0)),
}

function tableOf<T>(
  functions: Readonly<Record<string, T>>,
  toVectorFunction: (fn: T) => VectorFunction,
): Record<string, VectorFunction> {
  return Object.fromEntries(
    Object.entries(functions).map(([name, fn]) => [name, toVectorFunction(fn)]),
  )
}

function constant(call: VectorCall, value: number): Float64Array {
  return new Float64Array(call.frame.steps).fill(value)
}

function clamp(call: VectorCall, least: Float64Array, most: Float64Array): Steps<Block> {
  return mapFloats(call.query, call.vector(0), (value, step) =>
    most[step]! < least[step]! ? undefined : Math.max(least[step]!, Math.min(most[step]!, value)),
  )
}

/** Without an argument, a part of the time of evaluation. */
function datePart(call: VectorCall, part: (seconds: number) => number): Block | Steps<Block> {
  const { query, expr, frame } = call
  if (expr.args.length > 0) return mapFloats(query, call.vector(0), part)
  return scalarBlock(
    new Float64Array(frame.steps).map((_, step) =>
      part((frame.startMs + step * frame.stepMs) / 1000),
    ),
  )
}

function ofHistograms(call: VectorCall, fn: Parameters<typeof mapHistograms>[2]): Steps<Block> {
  return mapHistograms(call.query, call.vector(0), fn)
}

/** The order of an instant vector; ranges are ordered by labels whatever one asks. */
function sorted(
  call: VectorCall,
  sort: (block: Block) => Block,
  ofRange: (block: Block) => Block,
): Block {
  const block = call.vector(0)
  if (call.frame.steps === 1) return sort(block)
  call.query.annotations.warn(
    'sort is ineffective for range queries since results are always ordered by labels',
    call.expr.span,
  )
  return ofRange(block)
}

function same(block: Block): Block {
  return block
}

function floatsOf(block: Block): Block {
  if (block.histograms === undefined) return block
  const kinds = block.kinds.map((kind) => (kind === FLOAT ? FLOAT : ABSENT))
  return { ...block, kinds, histograms: undefined }
}

function timestamps(call: VectorCall, reading: Reading): Block | Steps<Block> {
  const { query, expr, frame } = call
  const arg = expr.args[0]!
  if (reading === 'start-timestamp' && !query.startTimestamps) return emptyBlock(frame.steps)
  const block = call.vector(0)
  // Of a selector the times of its samples have been read already.
  if (arg.kind === 'vector') return mapFloats(query, block, (value) => value)
  if (reading === 'start-timestamp') return emptyBlock(frame.steps)
  // Of anything but a selector the time of a sample is the time of its evaluation.
  const kinds = block.kinds.map((kind) => (kind === ABSENT ? ABSENT : FLOAT))
  const floats = { ...block, kinds, histograms: undefined }
  return mapFloats(query, floats, (_, step) => (frame.startMs + step * frame.stepMs) / 1000)
}
