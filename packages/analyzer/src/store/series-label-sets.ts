import { ComposedLabels, LabelSet } from '@chokepoint/promql'
import type { Family } from './family-table.ts'
import type { StreamIndex } from './stream-index.ts'

/**
 * The label sets of series. What the series of a stream have in common is made when it is asked for, and is the same
 * object each time; the sets of its parts and buckets are composed of that anew for each query.
 */
export class SeriesLabelSets {
  readonly #index: StreamIndex
  /** By stream. */
  readonly #common: (LabelSet | undefined)[] = []
  #forgotten: ReadonlySet<number> = new Set()
  #named = { family: undefined as Family | undefined, suffix: '', name: '' }

  constructor(index: StreamIndex) {
    this.#index = index
  }

  /** The labels of a stream's series: of a histogram, of one of its parts. */
  of(family: Family, id: number, suffix: string, bound = ''): LabelSet {
    return new ComposedLabels(this.#commonOf(id), this.#nameOf(family, suffix), bound)
  }

  /** Forgets what streams have in common, once more a sweep later: a query that rested may have asked meanwhile. */
  forget(ids: ReadonlySet<number>): void {
    for (const id of this.#forgotten) this.#common[id] = undefined
    for (const id of ids) this.#common[id] = undefined
    this.#forgotten = ids
  }

  #commonOf(id: number): LabelSet {
    let common = this.#common[id]
    if (common === undefined) {
      common = LabelSet.from(this.#pairs(id))
      this.#common[id] = common
    }
    return common
  }

  *#pairs(id: number): Iterable<[string, string]> {
    const { labels } = this.#index
    for (const label of this.#index.labelIds(id)) {
      yield [labels.nameOf(label), labels.valueOf(label)]
    }
  }

  /** The same text for all series of a metric: they come one after the other. */
  #nameOf(family: Family, suffix: string): string {
    const last = this.#named
    if (last.family !== family || last.suffix !== suffix) {
      this.#named = { family, suffix, name: family.name + suffix }
    }
    return this.#named.name
  }
}
