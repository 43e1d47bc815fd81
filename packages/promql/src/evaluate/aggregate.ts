import type { Aggregate } from '../ast.ts'
import { quantileOf } from '../functions/quantile.ts'
import { combineHistograms } from './aggregate-histograms.ts'
import { checkQuantileRange } from './aggregate-params.ts'
import { ABSENT, type Block, BlockBuilder, dropsName, FLOAT, HISTOGRAM } from './block.ts'
import type { Groups } from './grouping.ts'
import type { Query } from './query.ts'

/**
 * What an aggregation gathers: one cell for each group and step, in flat arrays, filled row by row
 * so that memory is read in the order it lies.
 */
class Cells {
  readonly count: Float64Array
  readonly value: Float64Array
  readonly second: Float64Array

  constructor(size: number) {
    this.count = new Float64Array(size)
    this.value = new Float64Array(size)
    this.second = new Float64Array(size)
  }
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

/** `sum`, `avg`, `count`, `min`, `max`, `group`, `stddev`, `stdvar` and `quantile`. */
export function aggregate(
  query: Query,
  expr: Aggregate,
  block: Block,
  groups: Groups,
  param: Float64Array | undefined,
): Block {
  if (FLOATS_ONLY.has(expr.op) && hasHistograms(block)) {
    query.annotations.info(`ignored histogram in ${expr.op} aggregation`, expr.expr.span)
  }
  if (expr.op === 'quantile') {
    checkQuantileRange(query, expr, param!)
    return finish(expr, block, groups, quantiles(block, groups, param!))
  }
  const mayCombine = expr.op === 'sum' || expr.op === 'avg'
  const cells = expr.op === 'avg' ? averages(block, groups) : folded(expr.op, block, groups)
  const out = finish(expr, block, groups, cells)
  if (!mayCombine || !hasHistograms(block)) return out
  return combineHistograms(query, expr, block, groups, out)
}

function hasHistograms(block: Block): boolean {
  return block.histograms !== undefined
}

/** The result of floats: NaN-safe because absent cells are told apart by their counts. */
interface Folded {
  readonly count: Float64Array
  value(cell: number): number
}

function folded(op: string, block: Block, groups: Groups): Folded {
  const { steps, values, kinds } = block
  const cells = new Cells(groups.count * steps)
  const { count } = cells
  const fold = FOLDS[op]!
  const finishCell = FINISHES[op]!
  const countsHistograms = op === 'count' || op === 'group'
  if (op === 'sum') {
    sumFloats(block, groups, cells)
    return { count, value: (cell) => finishCell(cells, cell) }
  }
  for (let row = 0; row < block.rows; row++) {
    const from = row * steps
    const to = groups.ofRow[row]! * steps
    for (let step = 0; step < steps; step++) {
      const kind = kinds[from + step]
      if (kind === ABSENT || (kind === HISTOGRAM && !countsHistograms)) continue
      fold(cells, to + step, values[from + step]!)
      count[to + step]!++
    }
  }
  return { count, value: (cell) => finishCell(cells, cell) }
}

/** As the fold of sum, in a loop of its own: sums are most of what is asked. */
function sumFloats(block: Block, groups: Groups, cells: Cells): void {
  const { steps, rows, values, kinds } = block
  const { count, value: sums, second: lost } = cells
  for (let row = 0; row < rows; row++) {
    const from = row * steps
    const to = groups.ofRow[row]! * steps
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
function averages(block: Block, groups: Groups): Folded {
  const { steps, values, kinds } = block
  const cells = new Cells(groups.count * steps)
  const { count, value: sums, second: lost } = cells
  const running = new Uint8Array(groups.count * steps)
  for (let row = 0; row < block.rows; row++) {
    const from = row * steps
    const to = groups.ofRow[row]! * steps
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
  return {
    count,
    value: (cell) =>
      running[cell] === 1
        ? sums[cell]! + lost[cell]!
        : sums[cell]! / count[cell]! + lost[cell]! / count[cell]!,
  }
}

function quantiles(block: Block, groups: Groups, param: Float64Array): Folded {
  const { steps, values, kinds } = block
  const gathered: number[][] = []
  const count = new Float64Array(groups.count * steps)
  for (let row = 0; row < block.rows; row++) {
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

function finish(expr: Aggregate, block: Block, groups: Groups, cells: Folded): Block {
  const { steps } = block
  const out = new BlockBuilder(steps, groups.count)
  const drops = groupsThatDropNames(block, groups)
  for (let group = 0; group < groups.count; group++) {
    const base = out.add(groups.labels[group]!, drops !== undefined && drops[group] === 1)
    for (let step = 0; step < steps; step++) {
      const cell = group * steps + step
      if (cells.count[cell]! > 0) out.setFloat(base + step, cells.value(cell))
    }
  }
  // Only grouping by the name itself leaves names to drop.
  return out.build(!expr.grouping.includes('__name__') || expr.without)
}

function groupsThatDropNames(block: Block, groups: Groups): Uint8Array | undefined {
  if (block.dropName === undefined) return undefined
  const drops = new Uint8Array(groups.count)
  for (let row = 0; row < block.rows; row++) {
    if (dropsName(block, row)) drops[groups.ofRow[row]!] = 1
  }
  return drops
}
