import type { Aggregate, Call, Expr, MatrixSelector, VectorSelector } from '../ast.ts'
import { RANGE_FUNCTIONS } from '../functions/range-functions.ts'
import { LabelSet, METRIC_NAME } from '../label-set.ts'
import type { GroupedSelection, ReadableSeries } from '../series-source.ts'
import { finishGroups, Gathering, hasHistograms } from './aggregate.ts'
import type { Block } from './block.ts'
import type { Frame } from './frame.ts'
import { GroupNumbers } from './grouping.ts'
import { lookbackFrom, lookupFrame, readSeries } from './instant-selector.ts'
import { atOf, msOf } from './prepare.ts'
import type { Query } from './query.ts'
import { callRangeFunction, isCounterName, KEEPS_NAME, reachOf, windowsOf } from './range-call.ts'
import type { Steps } from './steps.ts'

/** From so many cells on, rows are not held until they are summed up, and not shared with other questions. */
const HELD_CELLS = 1 << 13

const GATHERS: ReadonlySet<string> = new Set([
  ...['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar'],
])

/** What an aggregation reads straight from the source: a selector, or a range function of one. */
export type Leaf =
  | { readonly kind: 'instant'; readonly selector: VectorSelector; readonly metric: string }
  | {
      readonly kind: 'range'
      readonly call: Call
      readonly range: MatrixSelector
      readonly selector: VectorSelector
      readonly metric: string
    }

/** The leaf of an aggregation that may be gathered in pieces; undefined when its rows must be known as a whole. */
export function leafOf(query: Query, expr: Aggregate): Leaf | undefined {
  // Names that go at the end only, and types, are looked at row by row.
  if (!GATHERS.has(expr.op) || query.delayedNames || query.typeAndUnitLabels) return undefined
  const inner = withoutParens(expr.expr)
  if (inner.kind === 'vector') {
    const metric = metricOf(inner)
    if (metric === undefined || inner.extended !== undefined) return undefined
    return { kind: 'instant', selector: inner, metric }
  }
  if (inner.kind !== 'call') return undefined
  const { name } = inner.fn
  const range = inner.args.find((arg) => arg.kind === 'matrix')
  if (range === undefined || !(name in RANGE_FUNCTIONS) || name === 'absent_over_time') {
    return undefined
  }
  const metric = metricOf(range.vector)
  if (metric === undefined) return undefined
  // What is no counter is told of by its labels.
  if ((name === 'rate' || name === 'increase') && !isCounterName(metric)) return undefined
  return { kind: 'range', call: inner, range, selector: range.vector, metric }
}

/**
 * Sums up very many series of one metric as they are read. Undefined when they are few, when the source cannot group
 * them, and when native histograms are among them, which are added up only as a whole.
 */
export function* aggregateInPieces(
  query: Query,
  expr: Aggregate,
  leaf: Leaf,
  scalars: readonly Float64Array[],
  frame: Frame,
): Steps<Block | undefined> {
  const selection = groupedSelection(query, expr, leaf, frame)
  if (selection === undefined) return undefined
  const gathering = new Gathering(expr.op, frame.steps)
  const numbers = new GroupNumbers()
  const { labels } = numbers
  for (const piece of selection.pieces) {
    if (piece === undefined) {
      yield
      continue
    }
    const labelsOf = (row: number) => selection.labelsOf(piece.groups[row]!)
    const block = yield* readPiece(query, leaf, piece.series, labelsOf, scalars, frame)
    if (hasHistograms(block)) return undefined
    const ofRow = new Int32Array(block.rows)
    for (let row = 0; row < block.rows; row++) {
      ofRow[row] = numbers.of(block.labels[row]!)
    }
    yield* gathering.add(query, block, { count: labels.length, ofRow })
  }
  return yield* finishGroups(query, expr, frame.steps, labels, gathering)
}

function groupedSelection(
  query: Query,
  { grouping, without }: Aggregate,
  leaf: Leaf,
  frame: Frame,
): GroupedSelection | undefined {
  const { fromMs, toMs } =
    leaf.kind === 'range' ? reachOf(query, leaf.range, frame) : instantReach(query, leaf, frame)
  return query.source.selectGrouped?.(
    leaf.selector.matchers,
    fromMs,
    toMs,
    // A name that goes with the function must not tell groups apart.
    { names: dropsNames(leaf) ? grouping.filter(isNoName) : grouping, keep: !without },
    Math.ceil(HELD_CELLS / frame.steps),
  )
}

function instantReach(query: Query, { selector }: Leaf, frame: Frame) {
  const lookup = lookupOf(selector, frame)
  return { fromMs: lookbackFrom(query, lookup), toMs: lookup.endMs }
}

function lookupOf(selector: VectorSelector, frame: Frame) {
  return lookupFrame(frame, msOf(selector.offset), atOf(selector.at))
}

/** Rows with the labels of their groups: several may have the same. */
function* readPiece(
  query: Query,
  leaf: Leaf,
  series: readonly ReadableSeries[],
  labels: (row: number) => LabelSet,
  scalars: readonly Float64Array[],
  frame: Frame,
): Steps<Block> {
  if (leaf.kind === 'instant') {
    const lookup = lookupOf(leaf.selector, frame)
    const out = yield* readSeries(query, series, labels, lookup, frame.steps, 'value')
    return out.build(true)
  }
  const { call, range } = leaf
  const { name } = call.fn
  const named = LabelSet.of({ [METRIC_NAME]: leaf.metric })
  const windows = windowsOf(query, range, frame, name, series, () => named)
  const source = { ...windows, labels, distinct: true }
  const fn = RANGE_FUNCTIONS[name]!
  return yield* callRangeFunction(query, call, range, source, scalars, frame, fn)
}

function dropsNames(leaf: Leaf): boolean {
  return leaf.kind === 'range' && !KEEPS_NAME.has(leaf.call.fn.name)
}

function isNoName(label: string): boolean {
  return label !== METRIC_NAME
}

function metricOf({ matchers }: VectorSelector): string | undefined {
  return matchers.find(({ name, type }) => name === METRIC_NAME && type === '=')?.value
}

function withoutParens(expr: Expr): Expr {
  return expr.kind === 'paren' ? withoutParens(expr.expr) : expr
}
