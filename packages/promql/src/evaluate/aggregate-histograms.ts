import type { Aggregate } from '../ast.ts'
import { quote } from '../go-format.ts'
import { usesCustomBuckets } from '../histogram/buckets.ts'
import { IncompatibleBucketsError } from '../histogram/float-histogram.ts'
import type { NativeHistogram } from '../histogram/native-histogram.ts'
import { averageHistograms, sumHistograms } from '../histogram/sum.ts'
import { MIXED_BUCKETS, MIXED_FLOATS_HISTOGRAMS, noteCombination } from './annotations.ts'
import { type Block, BlockBuilder, dropsName, FLOAT, HISTOGRAM } from './block.ts'
import type { Groups } from './grouping.ts'
import type { Query } from './query.ts'

interface NamedHistogram {
  readonly histogram: NativeHistogram
  readonly name: string
}

/** Puts sums or means of histograms in the cells that have no floats. */
export function combineHistograms(
  query: Query,
  expr: Aggregate,
  block: Block,
  groups: Groups,
  floats: Block,
): Block {
  const { steps } = block
  const gathered = gatherHistograms(block, groups)
  const out = new BlockBuilder(steps, groups.count)
  for (let group = 0; group < groups.count; group++) {
    const base = out.add(groups.labels[group]!, dropsName(floats, group))
    for (let step = 0; step < steps; step++) {
      const cell = group * steps + step
      const histograms = gathered[cell]
      const hasFloat = floats.kinds[cell] === FLOAT
      if (histograms === undefined) {
        if (hasFloat) out.copy(base + step, floats, cell)
        continue
      }
      if (hasFloat) {
        query.annotations.warn(`${MIXED_FLOATS_HISTOGRAMS} aggregation`, expr.expr.span)
        continue
      }
      const total = totalOf(query, expr, histograms)
      if (total !== undefined) out.setHistogram(base + step, total)
    }
  }
  return out.build(floats.distinct)
}

function gatherHistograms(block: Block, groups: Groups): NamedHistogram[][] {
  const { steps } = block
  const gathered: NamedHistogram[][] = []
  for (let row = 0; row < block.rows; row++) {
    const to = groups.ofRow[row]! * steps
    for (let step = 0; step < steps; step++) {
      if (block.kinds[row * steps + step] !== HISTOGRAM) continue
      gathered[to + step] ??= []
      const histogram = block.histograms![row * steps + step]!
      gathered[to + step]!.push({ histogram, name: block.labels[row]!.metricName })
    }
  }
  return gathered
}

function totalOf(
  query: Query,
  expr: Aggregate,
  named: readonly NamedHistogram[],
): NativeHistogram | undefined {
  const histograms = named.map(({ histogram }) => histogram)
  try {
    const total = expr.op === 'sum' ? sumHistograms(histograms) : averageHistograms(histograms)
    noteCombination(query.annotations, total, 'aggregation', expr.expr.span)
    return total.histogram
  } catch (error) {
    if (!(error instanceof IncompatibleBucketsError)) throw error
    const first = usesCustomBuckets(named[0]!.histogram)
    const odd = named.find(({ histogram }) => usesCustomBuckets(histogram) !== first)
    const name = quote(odd?.name ?? '')
    query.annotations.warn(`${MIXED_BUCKETS} ${name}`, expr.expr.span)
    return undefined
  }
}
