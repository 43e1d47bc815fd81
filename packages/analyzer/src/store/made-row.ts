import type { NativeHistogram } from '@chokepoint/promql'
import type { Row, RowLayout } from './row-layout.ts'

/** The row that keeps a histogram as a rule made it, and what its columns are. */
export function toMadeRow(histogram: NativeHistogram): { layout: RowLayout; row: Row } {
  const { positive, negative, zeroCount, sum, count } = histogram
  const layout: RowLayout = {
    kind: 'exponential',
    scale: histogram.schema,
    zeroThreshold: histogram.zeroThreshold,
    // OTLP's bucket i is (base^i, base^(i+1)], Prometheus' is (base^(i-1), base^i].
    positiveOffset: positive.offset - 1,
    positiveLength: positive.counts.length,
    negativeOffset: negative.offset - 1,
    negativeLength: negative.counts.length,
    width: 1 + positive.counts.length + negative.counts.length,
    made: {
      gauge: histogram.counterResetHint === 'gauge',
      customBounds: histogram.customBounds,
    },
  }
  const counts = new Float64Array(layout.width)
  counts[0] = zeroCount
  counts.set(positive.counts, 1)
  counts.set(negative.counts, 1 + positive.counts.length)
  return { layout, row: { counts, at: 0, sum, count, hasSum: true } }
}

/** The doubles that a row of the layout takes at most, with the bounds that the layout itself has. */
export function doublesOf(layout: RowLayout): number {
  return layout.kind === 'explicit'
    ? layout.width
    : layout.width + (layout.made?.customBounds?.length ?? 0)
}

/** Whether the counts of a row may be fractions, as those that a rule made are. */
export function hasFractions(layout: RowLayout): boolean {
  return layout.kind === 'exponential' && layout.made !== undefined
}
