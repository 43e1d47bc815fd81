import type { Binary, VectorMatching } from '../ast.ts'
import { executionError } from '../errors.ts'
import { type LabelSet, METRIC_NAME } from '../label-set.ts'
import { arithmeticOf, ElementOperation, type Operand } from './binary-elements.ts'
import { ABSENT, type Block, BlockBuilder, emptyBlock, FLOAT, HISTOGRAM } from './block.ts'
import { sameLabelsetError } from './duplicates.ts'
import { type Groups, groupRows, type Projection } from './grouping.ts'
import type { Query } from './query.ts'
import { resultLabels } from './result-labels.ts'
import type { Steps } from './steps.ts'

/** Arithmetic, comparison or trimming between two vectors, whose series find each other by labels. */
export function* vectorBinary(
  query: Query,
  expr: Binary,
  left: Block,
  right: Block,
  projection: Projection,
): Steps<Block> {
  const matching = expr.matching!
  const fills = matching.fillLeft !== undefined || matching.fillRight !== undefined
  if ((left.rows === 0 || right.rows === 0) && !fills) return emptyBlock(left.steps)
  const groups = yield* groupRows(query, [...left.labels, ...right.labels], projection)
  return yield* new VectorOperation(query, expr, left, right, groups).run()
}

/** The side of a match that may repeat ("many"), and the side that must not ("one"). */
class VectorOperation {
  readonly #query: Query
  readonly #expr: Binary
  readonly #matching: VectorMatching
  readonly #many: Block
  readonly #one: Block
  readonly #swapped: boolean
  readonly #groups: Groups
  readonly #manyGroups: Int32Array
  readonly #oneGroups: Int32Array
  readonly #operation: ElementOperation
  readonly #out: BlockBuilder
  readonly #rowOf = new Map<string, number>()
  readonly #metrics = new Map<number, LabelSet>()
  readonly #manySide: Operand = { value: 0, histogram: undefined }
  readonly #oneSide: Operand = { value: 0, histogram: undefined }
  readonly #fillMany: number | undefined
  readonly #fillOne: number | undefined

  constructor(query: Query, expr: Binary, left: Block, right: Block, groups: Groups) {
    const matching = expr.matching!
    this.#query = query
    this.#expr = expr
    this.#matching = matching
    this.#swapped = matching.cardinality === 'one-to-many'
    this.#many = this.#swapped ? right : left
    this.#one = this.#swapped ? left : right
    this.#fillMany = matching.fillLeft
    this.#fillOne = matching.fillRight
    this.#groups = groups
    const leftGroups = groups.ofRow.subarray(0, left.rows)
    const rightGroups = groups.ofRow.subarray(left.rows)
    this.#manyGroups = this.#swapped ? rightGroups : leftGroups
    this.#oneGroups = this.#swapped ? leftGroups : rightGroups
    this.#operation = new ElementOperation(expr.op, query.annotations, expr.span)
    this.#out = new BlockBuilder(left.steps, Math.max(left.rows, right.rows))
  }

  *run(): Steps<Block> {
    const pairs = yield* this.#fixedPairs()
    if (pairs !== undefined) yield* this.#runPairs(pairs)
    else {
      for (let step = 0; step < this.#many.steps; step++) {
        if (this.#query.mayRest(this.#many.rows + this.#one.rows)) yield
        this.#runStep(step)
      }
    }
    return this.#build()
  }

  #build(): Block {
    const block = this.#out.build(false)
    const named = block.labels.some((labels) => labels.has(METRIC_NAME))
    return { ...block, distinct: !named }
  }

  /**
   * When each match group has one row on each side, or one on the "one" side and results that
   * cannot collide, every row keeps its partner over all steps: no step needs a table of its own.
   */
  *#fixedPairs(): Steps<Int32Array | undefined> {
    if (this.#fillMany !== undefined || this.#fillOne !== undefined) return undefined
    const partner = new Int32Array(this.#groups.count).fill(-1)
    for (let row = 0; row < this.#one.rows; row++) {
      const group = this.#oneGroups[row]!
      if (partner[group] !== -1) return undefined
      partner[group] = row
    }
    const seen = new Set<string>()
    const taken = new Uint8Array(this.#groups.count)
    const toOne = this.#matching.cardinality === 'one-to-one'
    const pairs = new Int32Array(this.#many.rows)
    for (let row = 0; row < this.#many.rows; row++) {
      if (this.#query.mayRest(0)) yield
      const group = this.#manyGroups[row]!
      pairs[row] = partner[group]!
      if (pairs[row] === -1) continue
      if (toOne) {
        if (taken[group] === 1) return undefined
        taken[group] = 1
      }
      const { key } = this.#metric(row, pairs[row]!)
      if (seen.has(key)) return undefined
      seen.add(key)
    }
    return pairs
  }

  *#runPairs(pairs: Int32Array): Steps<void> {
    const { steps } = this.#many
    const fill = this.#pairFiller()
    for (let row = 0; row < pairs.length; row++) {
      if (this.#query.mayRest(steps)) yield
      const partner = pairs[row]!
      if (partner === -1) continue
      const base = this.#out.add(this.#metric(row, partner), this.#dropName())
      if (fill(row * steps, partner * steps, base) === 0) this.#out.undo()
    }
  }

  /** The loop over one pair's steps; the tight one when there are only floats and arithmetic. */
  #pairFiller(): (many: number, one: number, base: number) => number {
    const { steps, kinds, values, histograms } = this.#many
    const one = this.#one
    const out = this.#out
    const arithmetic = arithmeticOf(this.#expr.op)
    if (arithmetic !== undefined && histograms === undefined && one.histograms === undefined) {
      const swapped = this.#swapped
      return (manyFrom, oneFrom, base) => {
        let found = 0
        for (let step = 0; step < steps; step++) {
          if (kinds[manyFrom + step] === ABSENT || one.kinds[oneFrom + step] === ABSENT) continue
          const a = values[manyFrom + step]!
          const b = one.values[oneFrom + step]!
          out.values[base + step] = swapped ? arithmetic(b, a) : arithmetic(a, b)
          out.kinds[base + step] = FLOAT
          found++
        }
        return found
      }
    }
    return (manyFrom, oneFrom, base) => {
      let found = 0
      for (let step = 0; step < steps; step++) {
        if (!take(this.#manySide, this.#many, manyFrom + step)) continue
        if (!take(this.#oneSide, one, oneFrom + step)) continue
        if (this.#operate(base + step)) found++
      }
      return found
    }
  }

  #runStep(step: number): void {
    this.#query.checkTime()
    const { steps } = this.#many
    const fills = this.#fillMany !== undefined || this.#fillOne !== undefined
    if (!fills && !(anyAt(this.#many, step) && anyAt(this.#one, step))) return
    const partner = this.#partnersAt(step)
    const results = new Map<number, Set<string>>()
    for (let row = 0; row < this.#many.rows; row++) {
      if (!take(this.#manySide, this.#many, row * steps + step)) continue
      const group = this.#manyGroups[row]!
      const one = partner[group]!
      if (one === -1) {
        if (this.#fillOne === undefined) continue
        fillOperand(this.#oneSide, this.#fillOne)
        this.#put(step, group, this.#many.labels[row]!, this.#groupLabels(group), results)
        continue
      }
      take(this.#oneSide, this.#one, one * steps + step)
      this.#put(step, group, this.#many.labels[row]!, this.#one.labels[one]!, results)
    }
    if (this.#fillMany === undefined) return
    for (let row = 0; row < this.#one.rows; row++) {
      const group = this.#oneGroups[row]!
      if (results.has(group) || !take(this.#oneSide, this.#one, row * steps + step)) continue
      fillOperand(this.#manySide, this.#fillMany)
      this.#put(step, group, this.#groupLabels(group), this.#one.labels[row]!, results)
    }
  }

  /** The row of the "one" side for each group that has a sample at a step. */
  #partnersAt(step: number): Int32Array {
    const { steps, kinds } = this.#one
    const partner = new Int32Array(this.#groups.count).fill(-1)
    for (let row = 0; row < this.#one.rows; row++) {
      if (kinds[row * steps + step] === ABSENT) continue
      const group = this.#oneGroups[row]!
      if (partner[group] !== -1) throw this.#duplicate(group, partner[group]!, row)
      partner[group] = row
    }
    return partner
  }

  #duplicate(group: number, first: number, second: number) {
    const side = this.#swapped ? 'left' : 'right'
    const labels = this.#one.labels
    const pair = [labels[first]!.toString(), labels[second]!.toString()].sort()
    return executionError(
      `found duplicate series for the match group ${this.#groupLabels(group)} on the ${side} hand-side of the operation: [${pair.join(', ')}];many-to-many matching not allowed: matching labels must be unique on one side`,
    )
  }

  /** The labels by which a group matches. */
  #groupLabels(group: number): LabelSet {
    return this.#groups.labels[group]!
  }

  #put(
    step: number,
    group: number,
    many: LabelSet,
    one: LabelSet,
    results: Map<number, Set<string>>,
  ): void {
    const metric = resultLabels(this.#expr, many, one, this.#renames())
    const cell = this.#cellFor(metric)
    const base = cell === undefined ? undefined : cell + step
    // The operation comes first: samples that do not go together are no match at all.
    const scratch = this.#operation.apply(
      this.#swapped ? this.#oneSide : this.#manySide,
      this.#swapped ? this.#manySide : this.#oneSide,
    )
    if (scratch.failed) return
    let known = results.get(group)
    if (known === undefined) {
      known = new Set()
      results.set(group, known)
    } else if (this.#matching.cardinality === 'one-to-one') {
      throw executionError(
        'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
      )
    }
    if (known.has(metric.key)) {
      throw executionError(
        'multiple matches for labels: grouping labels must ensure unique matches',
      )
    }
    known.add(metric.key)
    if (!scratch.keep && !this.#expr.bool) return
    const to = base ?? this.#newRow(metric) + step
    if (this.#out.kinds[to] !== ABSENT) throw sameLabelsetError()
    this.#store(to, scratch)
  }

  #cellFor(metric: LabelSet): number | undefined {
    return this.#rowOf.get(metric.key)
  }

  #newRow(metric: LabelSet): number {
    const base = this.#out.add(metric, this.#dropName())
    this.#rowOf.set(metric.key, base)
    return base
  }

  /** Applies the operator to the operands at hand; true when there is a result. */
  #operate(cell: number): boolean {
    const outcome = this.#operation.apply(
      this.#swapped ? this.#oneSide : this.#manySide,
      this.#swapped ? this.#manySide : this.#oneSide,
    )
    if (outcome.failed || (!outcome.keep && !this.#expr.bool)) return false
    this.#store(cell, outcome)
    return true
  }

  #store(cell: number, outcome: { value: number; histogram: Operand['histogram']; keep: boolean }) {
    if (this.#expr.bool) this.#out.setFloat(cell, outcome.keep ? 1 : 0)
    else if (outcome.histogram !== undefined) this.#out.setHistogram(cell, outcome.histogram)
    else this.#out.setFloat(cell, outcome.value)
  }

  #metric(many: number, one: number): LabelSet {
    let metric = this.#metrics.get(many)
    if (metric === undefined) {
      const labels = this.#many.labels[many]!
      metric = resultLabels(this.#expr, labels, this.#one.labels[one]!, this.#renames())
      this.#metrics.set(many, metric)
    }
    return metric
  }

  #renames(): boolean {
    const bool = this.#expr.bool && !this.#query.delayedNames
    return bool || arithmeticOf(this.#expr.op) !== undefined
  }

  #dropName(): boolean {
    return this.#expr.bool && this.#query.delayedNames
  }
}

function take(operand: Operand, block: Block, cell: number): boolean {
  const kind = block.kinds[cell]
  if (kind === ABSENT) return false
  operand.value = block.values[cell]!
  operand.histogram = kind === HISTOGRAM ? block.histograms![cell] : undefined
  return true
}

function anyAt(block: Block, step: number): boolean {
  for (let row = 0; row < block.rows; row++) {
    if (block.kinds[row * block.steps + step] !== ABSENT) return true
  }
  return false
}

function fillOperand(operand: Operand, value: number): void {
  operand.value = value
  operand.histogram = undefined
}
