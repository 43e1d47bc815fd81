import type { Binary } from '../ast.ts'
import type { LabelSet } from '../label-set.ts'

/** The labels of a result: those of the "many" side, cut to what matched, with what is included. */
export function resultLabels(
  expr: Binary,
  many: LabelSet,
  one: LabelSet,
  renames: boolean,
): LabelSet {
  const matching = expr.matching!
  let labels = renames ? many.withoutName() : many
  if (matching.cardinality === 'one-to-one') {
    labels = matching.on ? labels.pick(matching.labels) : labels.without(matching.labels)
  }
  for (const name of matching.include) labels = labels.with(name, one.get(name))
  return labels
}
