import type { Binary } from '../ast.ts'
import { ABSENT, type Block, BlockBuilder, dropsName } from './block.ts'
import { mergeDuplicates } from './duplicates.ts'
import { groupRows, type Projection } from './grouping.ts'
import type { Query } from './query.ts'
import type { Steps } from './steps.ts'

/** `and`, `or`, `unless`: keeps samples by whether the other side has one that matches. */
export function* setOperation(
  query: Query,
  expr: Binary,
  left: Block,
  right: Block,
  projection: Projection,
): Steps<Block> {
  const { steps } = left
  const groups = yield* groupRows(query, [...left.labels, ...right.labels], projection)
  const leftGroups = groups.ofRow.subarray(0, left.rows)
  const rightGroups = groups.ofRow.subarray(left.rows)
  const out = new BlockBuilder(steps, left.rows + (expr.op === 'or' ? right.rows : 0))
  if (expr.op === 'or') {
    const covered = presence(left, leftGroups, groups.count)
    yield* append(query, out, left, () => true)
    yield* append(query, out, right, (row, step) => covered[rightGroups[row]! * steps + step] === 0)
    return yield* mergeDuplicates(query, out.build(false))
  }
  const covered = presence(right, rightGroups, groups.count)
  const wanted = expr.op === 'and' ? 1 : 0
  yield* append(
    query,
    out,
    left,
    (row, step) => covered[leftGroups[row]! * steps + step] === wanted,
  )
  return out.build(left.distinct)
}

/** For each group and step, whether the block has a sample. */
function presence(block: Block, ofRow: Int32Array, groups: number): Uint8Array {
  const { steps, kinds } = block
  const present = new Uint8Array(groups * steps)
  for (let row = 0; row < block.rows; row++) {
    const to = ofRow[row]! * steps
    for (let step = 0; step < steps; step++) {
      if (kinds[row * steps + step] !== ABSENT) present[to + step] = 1
    }
  }
  return present
}

function* append(
  query: Query,
  out: BlockBuilder,
  block: Block,
  keep: (row: number, step: number) => boolean,
): Steps<void> {
  const { steps } = block
  for (let row = 0; row < block.rows; row++) {
    if (query.mayRest(steps)) yield
    const base = out.add(block.labels[row]!, dropsName(block, row))
    let found = 0
    for (let step = 0; step < steps; step++) {
      const cell = row * steps + step
      if (block.kinds[cell] === ABSENT || !keep(row, step)) continue
      out.copy(base + step, block, cell)
      found++
    }
    if (found === 0) out.undo()
  }
}
