import { PromqlError } from '../errors.ts'
import type { NativeHistogram } from '../histogram/native-histogram.ts'
import { LabelSet } from '../label-set.ts'

/** What a cell of a block holds. */
export const ABSENT = 0
export const FLOAT = 1
export const HISTOGRAM = 2

/**
 * An instant vector at every step of a frame: rows are series, columns are steps.
 *
 *                    step 0   step 1   step 2
 *     labels[0]  →  |  1.0  |  1.5  |   –   |     values      one Float64Array, row by row
 *                   |   1   |   1   |   0   |     kinds       one Uint8Array beside it
 *     labels[1]  →  |   –   |   h   |   h   |     histograms  only when a row has one
 *
 * Two flat arrays hold any number of series, so that an instant query over 100,000 of them makes
 * two allocations and not 200,000.
 */
export interface Block {
  readonly kind: 'vector'
  readonly steps: number
  readonly rows: number
  readonly labels: readonly LabelSet[]
  readonly values: Float64Array
  readonly kinds: Uint8Array
  readonly histograms: readonly (NativeHistogram | undefined)[] | undefined
  /** Rows whose metric name goes at the end (delayed name removal); absent when there are none. */
  readonly dropName: Uint8Array | undefined
  /** The label sets stay distinct when their names go: nobody needs to look for duplicates. */
  readonly distinct: boolean
}

/** A block begins with no more cells than this and grows as rows are kept: most that are tried may be empty. */
const FIRST_CELLS = 1 << 22
/** No block has more cells than this: 0.9 GB. */
const CELLS_MAX = 100_000_000

/** Builds a block row by row. */
export class BlockBuilder {
  readonly steps: number
  readonly labels: LabelSet[] = []
  values: Float64Array
  kinds: Uint8Array
  rows = 0
  #capacity: number
  #histograms: (NativeHistogram | undefined)[] | undefined
  #dropName: Uint8Array | undefined

  /** `capacity` is how many rows to expect. */
  constructor(steps: number, capacity: number) {
    this.steps = steps
    this.#capacity = Math.max(1, Math.min(capacity, Math.floor(FIRST_CELLS / steps)))
    this.values = new Float64Array(this.#capacity * steps)
    this.kinds = new Uint8Array(this.#capacity * steps)
  }

  /** Begins a row of absent cells; returns where its cells begin. */
  add(labels: LabelSet, dropName = false): number {
    if (this.rows === this.#capacity) this.#grow()
    const row = this.rows++
    this.labels[row] = labels
    if (dropName) {
      this.#dropName ??= new Uint8Array(this.#capacity)
      this.#dropName[row] = 1
    }
    return row * this.steps
  }

  /** Takes the newest row back, its cells being absent still. */
  undo(): void {
    this.rows--
    this.labels.length = this.rows
    if (this.#dropName !== undefined) this.#dropName[this.rows] = 0
  }

  setFloat(cell: number, value: number): void {
    this.values[cell] = value
    this.kinds[cell] = FLOAT
  }

  setHistogram(cell: number, histogram: NativeHistogram): void {
    this.#histograms ??= []
    this.#histograms[cell] = histogram
    this.kinds[cell] = HISTOGRAM
  }

  /** Copies a cell of another block. */
  copy(cell: number, from: Block, fromCell: number): void {
    if (from.kinds[fromCell] === HISTOGRAM) this.setHistogram(cell, from.histograms![fromCell]!)
    else this.setFloat(cell, from.values[fromCell]!)
  }

  build(distinct: boolean): Block {
    return {
      kind: 'vector',
      steps: this.steps,
      rows: this.rows,
      labels: this.labels,
      values: this.values,
      kinds: this.kinds,
      histograms: this.#histograms,
      dropName: this.#dropName,
      distinct,
    }
  }

  #grow(): void {
    this.#capacity *= 2
    if (this.#capacity * this.steps > CELLS_MAX) {
      throw new PromqlError(
        'too_many_samples',
        `query processing would load too many samples into memory in query execution: ${this.rows} series at ${this.steps} steps`,
      )
    }
    const values = new Float64Array(this.#capacity * this.steps)
    values.set(this.values)
    this.values = values
    const kinds = new Uint8Array(this.#capacity * this.steps)
    kinds.set(this.kinds)
    this.kinds = kinds
    if (this.#dropName !== undefined) {
      const dropName = new Uint8Array(this.#capacity)
      dropName.set(this.#dropName)
      this.#dropName = dropName
    }
  }
}

/** A block without rows. */
export function emptyBlock(steps: number): Block {
  return new BlockBuilder(steps, 0).build(true)
}

/** A scalar as a vector of one row without labels. */
export function scalarBlock(values: Float64Array): Block {
  const out = new BlockBuilder(values.length, 1)
  const base = out.add(LabelSet.EMPTY)
  values.forEach((value, step) => {
    out.setFloat(base + step, value)
  })
  return out.build(true)
}

/** Whether a row's metric name goes at the end. */
export function dropsName(block: Block, row: number): boolean {
  return block.dropName !== undefined && block.dropName[row] === 1
}

/** The block of one instant repeated over steps. */
export function repeatBlock(block: Block, steps: number): Block {
  if (steps === 1) return block
  const out = new BlockBuilder(steps, block.rows)
  for (let row = 0; row < block.rows; row++) {
    const kind = block.kinds[row]
    if (kind === ABSENT) continue
    const base = out.add(block.labels[row]!, dropsName(block, row))
    if (kind === HISTOGRAM) {
      const histogram = block.histograms![row]!
      for (let step = 0; step < steps; step++) out.setHistogram(base + step, histogram)
    } else {
      out.values.fill(block.values[row]!, base, base + steps)
      out.kinds.fill(FLOAT, base, base + steps)
    }
  }
  return out.build(block.distinct)
}
