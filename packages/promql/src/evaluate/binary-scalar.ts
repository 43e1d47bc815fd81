import type { Binary } from '../ast.ts'
import {
  arithmeticOf,
  comparisonOf,
  ElementOperation,
  type Operand,
  scalarOperation,
} from './binary-elements.ts'
import { ABSENT, type Block, BlockBuilder, dropsName, FLOAT, HISTOGRAM } from './block.ts'
import { mergeDuplicates } from './duplicates.ts'
import type { Query } from './query.ts'
import type { Steps } from './steps.ts'

/** Two scalars, step by step. */
export function scalarBinary(expr: Binary, left: Float64Array, right: Float64Array): Float64Array {
  const operation = scalarOperation(expr.op)
  return left.map((value, step) => operation(value, right[step]!))
}

/** A vector and a scalar; `swapped` when the scalar stands on the left. */
export function* vectorScalarBinary(
  query: Query,
  expr: Binary,
  block: Block,
  scalar: Float64Array,
  swapped: boolean,
): Steps<Block> {
  const renames = expr.bool || arithmeticOf(expr.op) !== undefined
  const out = new BlockBuilder(block.steps, block.rows)
  const fill =
    block.histograms === undefined && expr.op !== '</' && expr.op !== '>/'
      ? floatFiller(expr, block, scalar, swapped, out)
      : mixedFiller(query, expr, block, scalar, swapped, out)
  for (let row = 0; row < block.rows; row++) {
    if (query.mayRest(block.steps)) yield
    const labels = block.labels[row]!
    const base = out.add(
      renames && !query.delayedNames ? labels.withoutName() : labels,
      dropsName(block, row) || (renames && query.delayedNames),
    )
    if (fill(row * block.steps, base) === 0) out.undo()
  }
  const result = out.build(block.distinct)
  return renames && !query.delayedNames ? yield* mergeDuplicates(query, result) : result
}

type Filler = (from: number, base: number) => number

/** The tight loop for floats only. */
function floatFiller(
  expr: Binary,
  block: Block,
  scalar: Float64Array,
  swapped: boolean,
  out: BlockBuilder,
): Filler {
  const { steps, values, kinds } = block
  const arithmetic = arithmeticOf(expr.op)
  if (arithmetic !== undefined) {
    return (from, base) => {
      let found = 0
      for (let step = 0; step < steps; step++) {
        if (kinds[from + step] === ABSENT) continue
        const value = values[from + step]!
        const other = scalar[step]!
        out.values[base + step] = swapped ? arithmetic(other, value) : arithmetic(value, other)
        out.kinds[base + step] = FLOAT
        found++
      }
      return found
    }
  }
  const compare = comparisonOf(expr.op)!
  const { bool } = expr
  return (from, base) => {
    let found = 0
    for (let step = 0; step < steps; step++) {
      if (kinds[from + step] === ABSENT) continue
      const value = values[from + step]!
      const other = scalar[step]!
      const holds = swapped ? compare(other, value) : compare(value, other)
      if (!holds && !bool) continue
      // A comparison keeps the vector's value, on whichever side it stands.
      out.values[base + step] = bool ? (holds ? 1 : 0) : value
      out.kinds[base + step] = FLOAT
      found++
    }
    return found
  }
}

function mixedFiller(
  query: Query,
  expr: Binary,
  block: Block,
  scalar: Float64Array,
  swapped: boolean,
  out: BlockBuilder,
): Filler {
  const operation = new ElementOperation(expr.op, query.annotations, expr.span)
  const element: Operand = { value: 0, histogram: undefined }
  const number: Operand = { value: 0, histogram: undefined }
  return (from, base) => {
    let found = 0
    for (let step = 0; step < block.steps; step++) {
      const cell = from + step
      if (block.kinds[cell] === ABSENT) continue
      element.value = block.values[cell]!
      element.histogram = block.kinds[cell] === HISTOGRAM ? block.histograms![cell] : undefined
      number.value = scalar[step]!
      const outcome = swapped ? operation.apply(number, element) : operation.apply(element, number)
      if (outcome.failed || (!outcome.keep && !expr.bool)) continue
      if (expr.bool) out.setFloat(base + step, outcome.keep ? 1 : 0)
      else if (outcome.histogram !== undefined) out.setHistogram(base + step, outcome.histogram)
      else out.setFloat(base + step, operation.isComparison ? element.value : outcome.value)
      found++
    }
    return found
  }
}
