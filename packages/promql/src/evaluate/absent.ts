import type { Expr } from '../ast.ts'
import { LabelSet, METRIC_NAME } from '../label-set.ts'
import { ABSENT, type Block, BlockBuilder } from './block.ts'

/** `absent` and `absent_over_time`: 1 at the steps where no row has a sample. */
export function absence(arg: Expr, block: Block, dropName: boolean): Block {
  const { steps } = block
  const present = new Uint8Array(steps)
  for (let cell = 0; cell < block.rows * steps; cell++) {
    if (block.kinds[cell] !== ABSENT) present[cell % steps] = 1
  }
  const out = new BlockBuilder(steps, 1)
  const base = out.add(labelsOfAbsence(arg), dropName)
  let found = 0
  for (let step = 0; step < steps; step++) {
    if (present[step] === 1) continue
    out.setFloat(base + step, 1)
    found++
  }
  if (found === 0) out.undo()
  return out.build(true)
}

/** The labels that a selector fixes: those with exactly one equality. */
function labelsOfAbsence(arg: Expr): LabelSet {
  const selector = arg.kind === 'matrix' ? arg.vector : arg
  if (selector.kind !== 'vector') return LabelSet.EMPTY
  const fixed = new Map<string, string>()
  const seen = new Set<string>()
  for (const { name, type, value } of selector.matchers) {
    if (name === METRIC_NAME) continue
    if (type === '=' && !seen.has(name)) fixed.set(name, value)
    else fixed.delete(name)
    if (type === '=') seen.add(name)
  }
  return LabelSet.from(fixed)
}
