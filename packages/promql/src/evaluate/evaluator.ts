import {
  type Aggregate,
  type Binary,
  type Call,
  type Expr,
  type MatrixSelector,
  SET_OPS,
  type Subquery,
  typeOf,
  type Unary,
} from '../ast.ts'
import { RANGE_FUNCTIONS } from '../functions/range-functions.ts'
import { FloatHistogram } from '../histogram/float-histogram.ts'
import { absence } from './absent.ts'
import { aggregate } from './aggregate.ts'
import { selectRows } from './aggregate-k.ts'
import { scalarBinary, vectorScalarBinary } from './binary-scalar.ts'
import { setOperation } from './binary-sets.ts'
import { vectorBinary } from './binary-vectors.ts'
import { type Block, emptyBlock, FLOAT, repeatBlock } from './block.ts'
import { countValues } from './count-values.ts'
import { type Frame, instantFrame } from './frame.ts'
import { groupRows, type Projections } from './grouping.ts'
import { countCells, selectInstant } from './instant-selector.ts'
import type { Prepared } from './prepare.ts'
import type { Query } from './query.ts'
import {
  callRangeFunction,
  type SubqueryResult,
  selectRange,
  subqueryFrame,
  subqueryWindows,
} from './range-call.ts'
import { detectResetHints } from './reset-hints.ts'
import { selectSmoothed } from './smoothed.ts'
import { VECTOR_FUNCTIONS } from './vector-calls.ts'
import { mapSamples } from './vector-functions.ts'

const SELECTING: ReadonlySet<string> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio'])
/** Walks a prepared expression node by node, each node over all steps of a frame at once. */
export class Evaluator {
  readonly #query: Query
  readonly #prepared: Prepared
  readonly #projections: Projections

  constructor(query: Query, prepared: Prepared, projections: Projections) {
    this.#query = query
    this.#prepared = prepared
    this.#projections = projections
  }

  /** The value of an expression of type vector. */
  vector(expr: Expr, frame: Frame): Block {
    this.#query.checkTime()
    const held = this.#query.samples
    const block =
      frame.steps > 1 && this.#prepared.invariant.has(expr)
        ? repeatBlock(this.#vector(expr, instantFrame(frame.startMs)), frame.steps)
        : this.#vector(expr, frame)
    // What the node's arguments held is gone; only its own result is.
    this.#query.releaseTo(held)
    this.#query.hold(countCells(block))
    return block
  }

  /** The value of an expression of type scalar at every step. */
  scalar(expr: Expr, frame: Frame): Float64Array {
    switch (expr.kind) {
      case 'number':
        return new Float64Array(frame.steps).fill(expr.value)
      case 'paren':
        return this.scalar(expr.expr, frame)
      case 'unary': {
        const value = this.scalar(expr.expr, frame)
        return expr.op === '-' ? value.map((x) => -x) : value
      }
      case 'binary':
        return scalarBinary(expr, this.scalar(expr.left, frame), this.scalar(expr.right, frame))
      case 'call':
        return this.#scalarCall(expr, frame)
      default:
        throw new TypeError(`${expr.kind} is not a scalar`)
    }
  }

  /** The result of a subquery over the instants that a frame needs of it. */
  subquery(expr: Subquery, frame: Frame): SubqueryResult {
    const inner = subqueryFrame(this.#query, expr, frame)
    if (inner === undefined) {
      return { block: emptyBlock(1), frame: instantFrame(frame.startMs) }
    }
    return { block: this.vector(expr.expr, inner), frame: inner }
  }

  #vector(expr: Expr, frame: Frame): Block {
    switch (expr.kind) {
      case 'vector':
        if (expr.extended === 'smoothed') return selectSmoothed(this.#query, expr, frame)
        return selectInstant(this.#query, expr, frame, 'value', this.#hints(expr))
      case 'paren':
        return this.vector(expr.expr, frame)
      case 'unary':
        return this.#unary(expr, frame)
      case 'binary':
        return this.#binary(expr, frame)
      case 'aggregate':
        return this.#aggregate(expr, frame)
      case 'call':
        return this.#call(expr, frame)
      default:
        throw new TypeError(`${expr.kind} is not an instant vector`)
    }
  }

  #unary(expr: Unary, frame: Frame): Block {
    const block = this.vector(expr.expr, frame)
    if (expr.op === '+') return block
    return mapSamples(
      this.#query,
      block,
      (value) => -value,
      (histogram) => new FloatHistogram(histogram).multiply(-1),
    )
  }

  #binary(expr: Binary, frame: Frame): Block {
    const query = this.#query
    if (typeOf(expr.left) === 'scalar') {
      const scalar = this.scalar(expr.left, frame)
      return vectorScalarBinary(query, expr, this.vector(expr.right, frame), scalar, true)
    }
    const left = this.vector(expr.left, frame)
    if (typeOf(expr.right) === 'scalar') {
      return vectorScalarBinary(query, expr, left, this.scalar(expr.right, frame), false)
    }
    const right = this.vector(expr.right, frame)
    const { on, labels } = expr.matching!
    const projection = this.#projections.get(labels, on)
    if (SET_OPS.has(expr.op)) return setOperation(expr, left, right, projection)
    return vectorBinary(query, expr, left, right, projection)
  }

  #aggregate(expr: Aggregate, frame: Frame): Block {
    const { op, grouping, without } = expr
    if (op === 'count_values') {
      const label = expr.param?.kind === 'string' ? expr.param.value : ''
      return countValues(expr, this.vector(expr.expr, frame), label)
    }
    const param = expr.param === undefined ? undefined : this.scalar(expr.param, frame)
    const block = this.vector(expr.expr, frame)
    const groups = groupRows(block.labels, this.#projections.get(grouping, !without))
    if (SELECTING.has(op)) return selectRows(this.#query, expr, block, groups, param!)
    return aggregate(this.#query, expr, block, groups, param)
  }

  #call(expr: Call, frame: Frame): Block {
    const { name } = expr.fn
    if (name in RANGE_FUNCTIONS) {
      const block = this.#rangeCall(expr, frame)
      if (name !== 'absent_over_time') return block
      return absence(expr.args[0]!, block, this.#query.delayedNames)
    }
    const vectorFunction = VECTOR_FUNCTIONS[name]
    if (vectorFunction === undefined) throw new TypeError(`${name} has no implementation`)
    return vectorFunction({
      query: this.#query,
      expr,
      frame,
      vector: (index) => this.vector(expr.args[index]!, frame),
      scalar: (index) => this.scalar(expr.args[index]!, frame),
    })
  }

  #rangeCall(expr: Call, frame: Frame): Block {
    const index = expr.args.findIndex((arg) => arg.kind === 'matrix' || arg.kind === 'subquery')
    const range = expr.args[index] as MatrixSelector | Subquery
    const { name } = expr.fn
    // The subquery comes first, as in Prometheus: its errors are the ones reported.
    const windows =
      range.kind === 'subquery' ? subqueryWindows(this.subquery(range, frame)) : undefined
    const scalars = expr.args
      .filter((_, other) => other !== index)
      .map((arg) => this.scalar(arg, frame))
    const source = windows ?? this.#selectRange(range as MatrixSelector, frame, name)
    return callRangeFunction(
      this.#query,
      expr,
      range,
      source,
      scalars,
      frame,
      RANGE_FUNCTIONS[name]!,
    )
  }

  #selectRange(range: MatrixSelector, frame: Frame, functionName: string) {
    return selectRange(this.#query, range, frame, functionName, this.#hints(range.vector))
  }

  /** Statistics of histograms are told apart from one sample to the next as they are read. */
  #hints(selector: Expr): typeof detectResetHints | undefined {
    return this.#prepared.statistics.has(selector) ? detectResetHints : undefined
  }

  #scalarCall(expr: Call, frame: Frame): Float64Array {
    const { name } = expr.fn
    const out = new Float64Array(frame.steps)
    switch (name) {
      case 'pi':
        return out.fill(Math.PI)
      case 'time':
        return out.map((_, step) => (frame.startMs + step * frame.stepMs) / 1000)
      case 'max_of':
      case 'min_of': {
        const left = this.scalar(expr.args[0]!, frame)
        const right = this.scalar(expr.args[1]!, frame)
        const pick = name === 'max_of' ? Math.max : Math.min
        return out.map((_, step) => pick(left[step]!, right[step]!))
      }
      case 'scalar':
        return onlyFloat(this.vector(expr.args[0]!, frame))
      default:
        throw new TypeError(`the function ${name} has no implementation`)
    }
  }
}

/** The value of a vector's only float at each step; NaN when there are none or several. */
function onlyFloat(block: Block): Float64Array {
  const { steps } = block
  const out = new Float64Array(steps).fill(Number.NaN)
  const found = new Uint32Array(steps)
  for (let row = 0; row < block.rows; row++) {
    for (let step = 0; step < steps; step++) {
      const cell = row * steps + step
      if (block.kinds[cell] !== FLOAT) continue
      found[step]!++
      out[step] = found[step] === 1 ? block.values[cell]! : Number.NaN
    }
  }
  return out
}
