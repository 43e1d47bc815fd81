import type { Aggregate } from '../ast.ts'
import { executionError } from '../errors.ts'
import { formatF, quote } from '../go-format.ts'
import { formatHistogram } from '../histogram/format.ts'
import { isLabelName, type LabelSet } from '../label-set.ts'
import { ABSENT, type Block, BlockBuilder, FLOAT, HISTOGRAM } from './block.ts'

/** `count_values("label", vector)`: how often each value occurs, the value as a label. */
export function countValues(expr: Aggregate, block: Block, label: string): Block {
  if (!isLabelName(label)) throw executionError(`invalid label name ${quote(label)}`)
  const dropped = [...expr.grouping, '__name__']
  const kept = [...expr.grouping, label]
  const group = (labels: LabelSet) => (expr.without ? labels.without(dropped) : labels.pick(kept))
  const out = new BlockBuilder(block.steps, block.rows)
  const rowOf = new Map<string, number>()
  for (let row = 0; row < block.rows; row++) {
    for (let step = 0; step < block.steps; step++) {
      const cell = row * block.steps + step
      const kind = block.kinds[cell]
      if (kind === ABSENT) continue
      const text =
        kind === HISTOGRAM
          ? formatHistogram(block.histograms![cell]!)
          : formatF(block.values[cell]!)
      const labels = group(block.labels[row]!.with(label, text))
      let base = rowOf.get(labels.key)
      if (base === undefined) {
        base = out.add(labels)
        rowOf.set(labels.key, base)
      }
      out.kinds[base + step] = FLOAT
      out.values[base + step]!++
    }
  }
  return out.build(!kept.includes('__name__'))
}
