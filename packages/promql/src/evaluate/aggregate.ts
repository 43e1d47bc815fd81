import type { Aggregate } from '../ast.ts'
import { quantileOf } from '../functions/quantile.ts'
import { type LabelSet, METRIC_NAME } from '../label-set.ts'
import { combineHistograms } from './aggregate-histograms.ts'
import { checkQuantileRange } from './aggregate-params.ts'
import { ABSENT, type Block, BlockBuilder, dropsName, FLOAT, HISTOGRAM } from './block.ts'
import type { Groups } from './grouping.ts'
import type { Query } from './query.ts'
import type { Steps } from './steps.ts'

/**
 * What an aggregation gathers: one cell for each group and step, in flat arrays, filled row by row
 * so that memory is read in the order it lies.
 */
class Cells {
  count = new Float64Array(0)
  value = new Float64Array(0)
  second = new Float64Array(0)
  /** Of means: 1 where the sum overflowed and `value` is a running mean. */
  running = new Uint8Array(0)

  /** Makes room for so many cells. */
  reserve(size: number): void {
    if (size <= this.count.length) return
    const length = Math.max(size, this.count.length * 2)
    this.count = grown(this.count, length)
    this.value = grown(this.value, length)
    this.second = grown(this.second, length)
    const running = new Uint8Array(length)
    running.set(this.running)
    this.running = running
  }
}

function grown(from: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const to = new Float64Array(length)
  to.set(from)
  return to
}

type Fold = (cells: Cells, cell: number, value: number) => void

// Each fold finds count, value and second as the fold before left them; count is raised by the caller.
const FOLDS: Readonly<Record<string, Fold>> = {
  sum: addCompensated,
  count: () => undefined,
  group: () => undefined,
  min: (cells, cell, value) => {
    const best = cells.value[cell]!
    if (cells.count[cell] === 0 || best > value || Number.isNaN(best)) cells.value[cell] = value
  },
  max: (cells, cell, value) => {
    const best = cells.value[cell]!
    if (cells.count[cell] === 0 || best < value || Number.isNaN(best)) cells.value[cell] = value
  },
  stdvar: foldVariance,
  stddev: foldVariance,
}

function addCompensated(cells: Cells, cell: number, value: number): void {
  if (cells.count[cell] === 0) {
    cells.value[cell] = value
    return
  }
  const sum = cells.value[cell]!
  const total = sum + value
  if (total === Infinity || total === -Infinity) cells.second[cell] = 0
  else if (Math.abs(sum) >= Math.abs(value)) cells.second[cell]! += sum - total + value
  else cells.second[cell]! += value - total + sum
  cells.value[cell] = total
}

/** Welford: value is the sum of squares, second the mean. */
function foldVariance(cells: Cells, cell: number, value: number): void {
  if (cells.count[cell] === 0) {
    cells.second[cell] = value
    cells.value[cell] = Number.isFinite(value) ? 0 : Number.NaN
    return
  }
  const delta = value - cells.second[cell]!
  cells.second[cell]! += delta / (cells.count[cell]! + 1)
  cells.value[cell]! += delta * (value - cells.second[cell]!)
}

type Finish = (cells: Cells, cell: number) => number

const FINISHES: Readonly<Record<string, Finish>> = {
  sum: (cells, cell) => cells.value[cell]! + cells.second[cell]!,
  count: (cells, cell) => cells.count[cell]!,
  group: () => 1,
  min: (cells, cell) => cells.value[cell]!,
  max: (cells, cell) => cells.value[cell]!,
  stdvar: (cells, cell) => cells.value[cell]! / cells.count[cell]!,
  stddev: (cells, cell) => Math.sqrt(cells.value[cell]! / cells.count[cell]!),
}

/** Functions that ignore histograms and say so. */
const FLOATS_ONLY: ReadonlySet<string> = new Set(['min', 'max', 'stddev', 'stdvar', 'quantile'])

/** What a row belongs to and how many groups there are, so far. */
export interface RowGroups {
  readonly count: number
  readonly ofRow: Int32Array
}

/** `sum`, `avg`, `count`, `min`, `max`, `group`, `stddev`, `stdvar` and `quantile`. */
export function* aggregate(
  query: Query,
  expr: Aggregate,
  block: Block,
  groups: Groups,
  param: Float64Array | undefined,
): Steps<Block> {
  if (FLOATS_ONLY.has(expr.op) && hasHistograms(block)) {
    query.annotations.info(`ignored histogram in ${expr.op} aggregation`, expr.expr.span)
  }
  if (expr.op === 'quantile') {
    checkQuantileRange(query, expr, param!)
    const folded = yield* quantiles(query, block, groups, param!)
    return yield* finish(query, expr, block, groups, folded)
  }
  const mayCombine = expr.op === 'sum' || expr.op === 'avg'
  const gathering = new Gathering(expr.op, block.steps)
  yield* gathering.add(query, block, groups)
  const out = yield* finish(query, expr, block, groups, gathering)
  if (!mayCombine || !hasHistograms(block)) return out
  return combineHistograms(query, expr, block, groups, out)
}

export function hasHistograms(block: Block): boolean {
  return block.histograms !== undefined
}

/** The result of floats: NaN-safe because absent cells are told apart by their counts. */
interface Folded {
  readonly count: Float64Array
  value(cell: number): number
}

/** Cells that are folded before others may be let in. */
const CELLS_A_STEP = 16_384

/** An aggregation that rows are added to, all at once or piece by piece. */
export class Gathering implements Folded {
  readonly #op: string
  readonly #steps: number
  readonly #cells = new Cells()

  constructor(op: string, steps: number) {
    this.#op = op
    this.#steps = steps
  }

  /** Adds the rows of a block; groups keep their numbers from one block to the next. */
  *add(query: Query, block: Block, groups: RowGroups): Steps<void> {
    const cells = this.#cells
    cells.reserve(groups.count * this.#steps)
    const add = this.#op === 'sum' ? addSums : this.#op === 'avg' ? addMeans : addFolds(this.#op)
    const rowsAStep = Math.max(1, Math.floor(CELLS_A_STEP / this.#steps))
    for (let from = 0; from < block.rows; from += rowsAStep) {
      const to = Math.min(from + rowsAStep, block.rows)
      add(cells, block, groups.ofRow, from, to)
      if (query.mayRest((to - from) * this.#steps)) yield
    }
  }

  get count(): Float64Array {
    return this.#cells.count
  }

  value(cell: number): number {
    const cells = this.#cells
    if (this.#op !== 'avg') return FINISHES[this.#op]!(cells, cell)
    const { value, second, count, running } = cells
    if (running[cell] === 1) return value[cell]! + second[cell]!
    return value[cell]! / count[cell]! + second[cell]! / count[cell]!
  }
}

/** Adds the rows [first, end) of a block to the cells of their groups. */
type AddRows = (cells: Cells, block: Block, ofRow: Int32Array, first: number, end: number) => void

function addFolds(op: string): AddRows {
  const fold = FOLDS[op]!
  const countsHistograms = op === 'count' || op === 'group'
  return (cells, { steps, values, kinds }, ofRow, first, end) => {
    const { count } = cells
    for (let row = first; row < end; row++) {
      const from = row * steps
      const to = ofRow[row]! * steps
      for (let step = 0; step < steps; step++) {
        const kind = kinds[from + step]
        if (kind === ABSENT || (kind === HISTOGRAM && !countsHistograms)) continue
        fold(cells, to + step, values[from + step]!)
        count[to + step]!++
      }
    }
  }
}

/** As the fold of sum, in a loop of its own: sums are most of what is asked. */
const addSums: AddRows = (cells, { steps, values, kinds }, ofRow, first, end) => {
  const { count, value: sums, second: lost } = cells
  for (let row = first; row < end; row++) {
    const from = row * steps
    const to = ofRow[row]! * steps
    for (let step = 0; step < steps; step++) {
      if (kinds[from + step] !== FLOAT) continue
      const cell = to + step
      const value = values[from + step]!
      const sum = sums[cell]!
      const total = sum + value
      if (total === Infinity || total === -Infinity) lost[cell] = 0
      else if (Math.abs(sum) >= Math.abs(value)) lost[cell]! += sum - total + value
      else lost[cell]! += value - total + sum
      sums[cell] = total
      count[cell]!++
    }
  }
}

/** The mean: sum by count, or a running mean from where the sum overflows. */
const addMeans: AddRows = (cells, { steps, values, kinds }, ofRow, first, end) => {
  const { count, value: sums, second: lost, running } = cells
  for (let row = first; row < end; row++) {
    const from = row * steps
    const to = ofRow[row]! * steps
    for (let step = 0; step < steps; step++) {
      if (kinds[from + step] !== FLOAT) continue
      const cell = to + step
      const value = values[from + step]!
      const before = count[cell]!
      if (running[cell] === 0) {
        const sumBefore = sums[cell]!
        const lostBefore = lost[cell]!
        addCompensated(cells, cell, value)
        const overflowed = sums[cell] === Infinity || sums[cell] === -Infinity
        if (overflowed && before > 0) {
          running[cell] = 1
          sums[cell] = sumBefore / before
          lost[cell] = lostBefore / before
        }
      }
      if (running[cell] === 1) {
        const share = before / (before + 1)
        sums[cell]! *= share
        lost[cell]! *= share
        addCompensated(cells, cell, value / (before + 1))
      }
      count[cell] = before + 1
    }
  }
}

function* quantiles(
  query: Query,
  block: Block,
  groups: RowGroups,
  param: Float64Array,
): Steps<Folded> {
  const { steps, values, kinds } = block
  const gathered: number[][] = []
  const count = new Float64Array(groups.count * steps)
  for (let row = 0; row < block.rows; row++) {
    if (query.mayRest(steps)) yield
    const to = groups.ofRow[row]! * steps
    for (let step = 0; step < steps; step++) {
      if (kinds[row * steps + step] !== FLOAT) continue
      const cell = to + step
      gathered[cell] ??= []
      gathered[cell].push(values[row * steps + step]!)
      count[cell]!++
    }
  }
  return {
    count,
    value: (cell) => quantileOf(param[cell % steps]!, Float64Array.from(gathered[cell]!)),
  }
}

function* finish(
  query: Query,
  expr: Aggregate,
  block: Block,
  groups: Groups,
  folded: Folded,
): Steps<Block> {
  return yield* finishGroups(
    query,
    expr,
    block.steps,
    groups.labels,
    folded,
    dropping(block, groups),
  )
}

/** The block of what was gathered for each group; `drops` tells the groups whose name goes at the end. */
export function* finishGroups(
  query: Query,
  expr: Aggregate,
  steps: number,
  labels: readonly LabelSet[],
  folded: Folded,
  drops?: Uint8Array,
): Steps<Block> {
  const out = new BlockBuilder(steps, labels.length)
  for (let group = 0; group < labels.length; group++) {
    if (query.mayRest(steps)) yield
    const base = out.add(labels[group]!, drops !== undefined && drops[group] === 1)
    for (let step = 0; step < steps; step++) {
      const cell = group * steps + step
      if (folded.count[cell]! > 0) out.setFloat(base + step, folded.value(cell))
    }
  }
  // Only grouping by the name itself leaves names to drop.
  return out.build(!expr.grouping.includes(METRIC_NAME) || expr.without)
}

function dropping(block: Block, groups: RowGroups): Uint8Array | undefined {
  if (block.dropName === undefined) return undefined
  const drops = new Uint8Array(groups.count)
  for (let row = 0; row < block.rows; row++) {
    if (dropsName(block, row)) drops[groups.ofRow[row]!] = 1
  }
  return drops
}
