import type { NativeHistogram } from '../histogram/native-histogram.ts'
import { type LabelSet, METRIC_NAME } from '../label-set.ts'
import { type Block, BlockBuilder, dropsName, FLOAT, HISTOGRAM } from './block.ts'
import { mergeDuplicates } from './duplicates.ts'
import type { Query } from './query.ts'
import type { Steps } from './steps.ts'

/** A row's labels once an operation made something else of its metric. */
export function renamed(query: Query, labels: LabelSet): LabelSet {
  return query.delayedNames ? labels : labels.withoutName()
}

/** Applies a function to every float; histograms are left out. */
export function* mapFloats(
  query: Query,
  block: Block,
  fn: (value: number, step: number) => number | undefined,
): Steps<Block> {
  const { steps, values, kinds } = block
  const out = new BlockBuilder(steps, block.rows)
  for (let row = 0; row < block.rows; row++) {
    if (query.mayRest(steps)) yield
    const from = row * steps
    const base = out.add(renamed(query, block.labels[row]!), query.delayedNames)
    let found = 0
    for (let step = 0; step < steps; step++) {
      if (kinds[from + step] !== FLOAT) continue
      const value = fn(values[from + step]!, step)
      if (value === undefined) continue
      out.values[base + step] = value
      out.kinds[base + step] = FLOAT
      found++
    }
    if (found === 0) out.undo()
  }
  return yield* finish(query, out, block.distinct)
}

/** Turns every histogram into a number; floats are left out. */
export function* mapHistograms(
  query: Query,
  block: Block,
  fn: (histogram: NativeHistogram) => number,
): Steps<Block> {
  const { steps, kinds, histograms } = block
  const out = new BlockBuilder(steps, block.rows)
  for (let row = 0; row < block.rows; row++) {
    if (query.mayRest(steps)) yield
    const from = row * steps
    const labels = block.labels[row]!
    // Only the name goes here: type and unit still say what the statistic is of.
    const own = query.delayedNames ? labels : labels.without([METRIC_NAME])
    const base = out.add(own, query.delayedNames)
    let found = 0
    for (let step = 0; step < steps; step++) {
      if (kinds[from + step] !== HISTOGRAM) continue
      out.setFloat(base + step, fn(histograms![from + step]!))
      found++
    }
    if (found === 0) out.undo()
  }
  return yield* finish(query, out, block.distinct)
}

/** Applies a function to every sample, and drops names as it makes something else of the metric. */
export function* mapSamples(
  query: Query,
  block: Block,
  float: (value: number) => number,
  histogram: (histogram: NativeHistogram) => NativeHistogram,
): Steps<Block> {
  const { steps, values, kinds, histograms } = block
  const out = new BlockBuilder(steps, block.rows)
  for (let row = 0; row < block.rows; row++) {
    if (query.mayRest(steps)) yield
    const from = row * steps
    const base = out.add(renamed(query, block.labels[row]!), query.delayedNames)
    for (let step = 0; step < steps; step++) {
      const kind = kinds[from + step]
      if (kind === FLOAT) out.setFloat(base + step, float(values[from + step]!))
      else if (kind === HISTOGRAM)
        out.setHistogram(base + step, histogram(histograms![from + step]!))
    }
  }
  return yield* finish(query, out, block.distinct)
}

/** Rows may have become equal when their names went. */
function* finish(query: Query, out: BlockBuilder, distinct: boolean): Steps<Block> {
  const block = out.build(distinct)
  return query.delayedNames ? block : yield* mergeDuplicates(query, block)
}

/** At the very end of a query: names whose dropping was delayed go now. */
export function* dropDelayedNames(query: Query, block: Block): Steps<Block> {
  if (block.dropName === undefined) return block
  const labels = block.labels.map((set, row) => (dropsName(block, row) ? set.withoutName() : set))
  // Rows of one metric stay distinct only if all of them lose their names.
  return yield* mergeDuplicates(query, { ...block, labels, dropName: undefined, distinct: false })
}
