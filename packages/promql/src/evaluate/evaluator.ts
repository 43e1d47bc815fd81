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
import { aggregateInPieces, leafOf } from './aggregate-pieces.ts'
import { scalarBinary, vectorScalarBinary } from './binary-scalar.ts'
import { setOperation } from './binary-sets.ts'
import { vectorBinary } from './binary-vectors.ts'
import { type Block, emptyBlock, FLOAT, repeatBlock } from './block.ts'
import { countValues } from './count-values.ts'
import { type Frame, instantFrame } from './frame.ts'
import { groupRows, type Projections } from './grouping.ts'
import { addInfo } from './info.ts'
import { countCells, type Reading, selectInstant } from './instant-selector.ts'
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
import type { Steps } from './steps.ts'
import { VECTOR_FUNCTIONS } from './vector-calls.ts'
import { mapSamples } from './vector-functions.ts'

const SELECTING: ReadonlySet<string> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio'])

/** What these functions read of a selector's samples; of any other vector they know the instants. */
const TIME_READINGS: Readonly<Record<string, Reading>> = {
  timestamp: 'timestamp',
  start_timestamp: 'start-timestamp',
}

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
  *vector(expr: Expr, frame: Frame): Steps<Block> {
    this.#query.checkTime()
    const held = this.#query.samples
    const block =
      frame.steps > 1 && this.#prepared.invariant.has(expr)
        ? repeatBlock(yield* this.#shared(expr, instantFrame(frame.startMs)), frame.steps)
        : yield* this.#shared(expr, frame)
    // What the node's arguments held is gone; only its own result is.
    this.#query.releaseTo(held)
    this.#query.hold(countCells(block))
    return block
  }

  /** The value of an expression of type scalar at every step. */
  *scalar(expr: Expr, frame: Frame): Steps<Float64Array> {
    switch (expr.kind) {
      case 'number':
        return new Float64Array(frame.steps).fill(expr.value)
      case 'paren':
        return yield* this.scalar(expr.expr, frame)
      case 'unary': {
        const value = yield* this.scalar(expr.expr, frame)
        return expr.op === '-' ? value.map((x) => -x) : value
      }
      case 'binary':
        return scalarBinary(
          expr,
          yield* this.scalar(expr.left, frame),
          yield* this.scalar(expr.right, frame),
        )
      case 'call':
        return yield* this.#scalarCall(expr, frame)
      default:
        throw new TypeError(`${expr.kind} is not a scalar`)
    }
  }

  /** The result of a subquery over the instants that a frame needs of it. */
  *subquery(expr: Subquery, frame: Frame): Steps<SubqueryResult> {
    const inner = subqueryFrame(this.#query, expr, frame)
    if (inner === undefined) {
      return { block: emptyBlock(1), frame: instantFrame(frame.startMs) }
    }
    return { block: yield* this.vector(expr.expr, inner), frame: inner }
  }

  /** The value, from an earlier query where it is known. */
  *#shared(expr: Expr, frame: Frame): Steps<Block> {
    const { shared } = this.#query
    // Where only statistics are looked at, histograms are read in another way.
    const key = this.#prepared.statistics.size > 0 ? undefined : shared?.keyOf(expr, frame)
    if (shared === undefined || key === undefined) return yield* this.#vector(expr, frame)
    const known = shared.get(key)
    if (known !== undefined) return known
    const block = yield* this.#vector(expr, frame)
    shared.keep(key, expr, block)
    return block
  }

  *#vector(expr: Expr, frame: Frame): Steps<Block> {
    switch (expr.kind) {
      case 'vector':
        if (expr.extended === 'smoothed') return yield* selectSmoothed(this.#query, expr, frame)
        return yield* selectInstant(this.#query, expr, frame, 'value', this.#hints(expr))
      case 'paren':
        return yield* this.vector(expr.expr, frame)
      case 'unary':
        return yield* this.#unary(expr, frame)
      case 'binary':
        return yield* this.#binary(expr, frame)
      case 'aggregate':
        return yield* this.#aggregate(expr, frame)
      case 'call':
        return yield* this.#call(expr, frame)
      default:
        throw new TypeError(`${expr.kind} is not an instant vector`)
    }
  }

  *#unary(expr: Unary, frame: Frame): Steps<Block> {
    const block = yield* this.vector(expr.expr, frame)
    if (expr.op === '+') return block
    return yield* mapSamples(
      this.#query,
      block,
      (value) => -value,
      (histogram) => new FloatHistogram(histogram).multiply(-1),
    )
  }

  *#binary(expr: Binary, frame: Frame): Steps<Block> {
    const query = this.#query
    if (typeOf(expr.left) === 'scalar') {
      const scalar = yield* this.scalar(expr.left, frame)
      const right = yield* this.vector(expr.right, frame)
      return yield* vectorScalarBinary(query, expr, right, scalar, true)
    }
    const left = yield* this.vector(expr.left, frame)
    if (typeOf(expr.right) === 'scalar') {
      const scalar = yield* this.scalar(expr.right, frame)
      return yield* vectorScalarBinary(query, expr, left, scalar, false)
    }
    const right = yield* this.vector(expr.right, frame)
    const { on, labels } = expr.matching!
    const projection = this.#projections.get(labels, on)
    if (SET_OPS.has(expr.op)) return yield* setOperation(query, expr, left, right, projection)
    return yield* vectorBinary(query, expr, left, right, projection)
  }

  *#aggregate(expr: Aggregate, frame: Frame): Steps<Block> {
    const { op, grouping, without } = expr
    if (op === 'count_values') {
      const label = expr.param?.kind === 'string' ? expr.param.value : ''
      return countValues(expr, yield* this.vector(expr.expr, frame), label)
    }
    const param = expr.param === undefined ? undefined : yield* this.scalar(expr.param, frame)
    const gathered = yield* this.#gather(expr, frame)
    if (gathered !== undefined) return gathered
    const block = yield* this.vector(expr.expr, frame)
    const groups = yield* groupRows(
      this.#query,
      block.labels,
      this.#projections.get(grouping, !without),
    )
    if (SELECTING.has(op)) return selectRows(this.#query, expr, block, groups, param!)
    return yield* aggregate(this.#query, expr, block, groups, param)
  }

  /** An aggregation of very many series, without holding them; undefined when it is done in the usual way. */
  *#gather(expr: Aggregate, frame: Frame): Steps<Block | undefined> {
    const leaf = leafOf(this.#query, expr)
    if (leaf === undefined || this.#prepared.statistics.has(leaf.selector)) return undefined
    const inner = leaf.kind === 'range' ? leaf.call : leaf.selector
    const { shared } = this.#query
    const key = shared?.keyOf(inner, frame)
    if (key !== undefined && shared!.get(key) !== undefined) return undefined
    if (frame.steps > 1 && this.#prepared.invariant.has(inner)) return undefined
    const scalars: Float64Array[] = []
    if (leaf.kind === 'range') {
      for (const arg of leaf.call.args) {
        if (arg !== leaf.range) scalars.push(yield* this.scalar(arg, frame))
      }
    }
    return yield* aggregateInPieces(this.#query, expr, leaf, scalars, frame)
  }

  *#call(expr: Call, frame: Frame): Steps<Block> {
    const { name } = expr.fn
    if (name in RANGE_FUNCTIONS) {
      const block = yield* this.#rangeCall(expr, frame)
      if (name !== 'absent_over_time') return block
      return absence(expr.args[0]!, block, this.#query.delayedNames)
    }
    if (name === 'info') {
      return yield* addInfo(this.#query, expr, yield* this.vector(expr.args[0]!, frame), frame)
    }
    const vectorFunction = VECTOR_FUNCTIONS[name]
    if (vectorFunction === undefined) throw new TypeError(`${name} has no implementation`)
    const { vectors, scalars } = yield* this.#arguments(expr, frame)
    const made = vectorFunction({
      ...{ query: this.#query, expr, frame },
      vector: (index) => vectors[index]!,
      scalar: (index) => scalars[index]!,
    })
    return 'rows' in made ? made : yield* made
  }

  /** The values of a call's arguments, by their place. */
  *#arguments(expr: Call, frame: Frame) {
    const vectors: Block[] = []
    const scalars: Float64Array[] = []
    for (const [index, arg] of expr.args.entries()) {
      const reading = TIME_READINGS[expr.fn.name]
      if (reading !== undefined && arg.kind === 'vector') {
        vectors[index] = yield* selectInstant(this.#query, arg, frame, reading)
        continue
      }
      const type = typeOf(arg)
      if (type === 'vector') vectors[index] = yield* this.vector(arg, frame)
      else if (type === 'scalar') scalars[index] = yield* this.scalar(arg, frame)
    }
    return { vectors, scalars }
  }

  *#rangeCall(expr: Call, frame: Frame): Steps<Block> {
    const index = expr.args.findIndex((arg) => arg.kind === 'matrix' || arg.kind === 'subquery')
    const range = expr.args[index] as MatrixSelector | Subquery
    const { name } = expr.fn
    // The subquery comes first, as in Prometheus: its errors are the ones reported.
    const windows =
      range.kind === 'subquery' ? subqueryWindows(yield* this.subquery(range, frame)) : undefined
    const scalars: Float64Array[] = []
    for (const [other, arg] of expr.args.entries()) {
      if (other !== index) scalars.push(yield* this.scalar(arg, frame))
    }
    const source = windows ?? (yield* this.#selectRange(range as MatrixSelector, frame, name))
    return yield* callRangeFunction(
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

  *#scalarCall(expr: Call, frame: Frame): Steps<Float64Array> {
    const { name } = expr.fn
    const out = new Float64Array(frame.steps)
    switch (name) {
      case 'pi':
        return out.fill(Math.PI)
      case 'time':
        return out.map((_, step) => (frame.startMs + step * frame.stepMs) / 1000)
      case 'max_of':
      case 'min_of': {
        const left = yield* this.scalar(expr.args[0]!, frame)
        const right = yield* this.scalar(expr.args[1]!, frame)
        const pick = name === 'max_of' ? Math.max : Math.min
        return out.map((_, step) => pick(left[step]!, right[step]!))
      }
      case 'scalar':
        return onlyFloat(yield* this.vector(expr.args[0]!, frame))
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
