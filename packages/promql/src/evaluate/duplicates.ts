import { executionError } from '../errors.ts'
import type { LabelSet } from '../label-set.ts'
import { ABSENT, type Block, BlockBuilder, dropsName } from './block.ts'
import type { Query } from './query.ts'
import type { Steps } from './steps.ts'

const SAME_LABELSET = 'vector cannot contain metrics with the same labelset'

/** The error for two samples of one label set at one instant. */
export function sameLabelsetError() {
  return executionError(SAME_LABELSET)
}

/** Whether two rows have equal labels. */
export function* hasDuplicates(query: Query, labels: readonly LabelSet[]): Steps<boolean> {
  const seen = new Set<string>()
  for (const set of labels) {
    if (query.mayRest(0)) yield
    seen.add(set.key)
  }
  return seen.size !== labels.length
}

/** Fails when two rows have equal labels, at whatever steps they have samples. */
export function* requireDistinct(query: Query, block: Block): Steps<Block> {
  if (!block.distinct && (yield* hasDuplicates(query, block.labels))) throw sameLabelsetError()
  return block
}

/** Rows with equal labels become one; fails when both have a sample at one step. */
export function* mergeDuplicates(query: Query, block: Block): Steps<Block> {
  if (block.distinct || !(yield* hasDuplicates(query, block.labels))) return block
  const out = new BlockBuilder(block.steps, block.rows)
  const rowOf = new Map<string, number>()
  for (let row = 0; row < block.rows; row++) {
    if (query.mayRest(block.steps)) yield
    const labels = block.labels[row]!
    let base = rowOf.get(labels.key)
    if (base === undefined) {
      base = out.add(labels, dropsName(block, row))
      rowOf.set(labels.key, base)
    }
    for (let step = 0; step < block.steps; step++) {
      const cell = row * block.steps + step
      if (block.kinds[cell] === ABSENT) continue
      if (out.kinds[base + step] !== ABSENT) throw sameLabelsetError()
      out.copy(base + step, block, cell)
    }
  }
  return out.build(false)
}
