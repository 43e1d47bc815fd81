import { LabelSet, METRIC_NAME } from '@chokepoint/promql'
import type { Family } from './family-table.ts'
import type { StreamIndex } from './stream-index.ts'

// Label sets of series that were asked for; beyond this many, all are made anew.
const LABEL_SETS_MAX = 500_000

/** The label sets of series, made when they are asked for and the same object each time. */
export class SeriesLabelSets {
  readonly #index: StreamIndex
  /** By stream: the label set of a number, or those of a histogram's parts by suffix and bound. */
  readonly #sets = new Map<number, Map<string, LabelSet>>()
  #count = 0

  constructor(index: StreamIndex) {
    this.#index = index
  }

  /** The labels of a stream's series: of a histogram, of one of its parts. */
  of(family: Family, id: number, suffix: string, bound = ''): LabelSet {
    let sets = this.#sets.get(id)
    if (sets === undefined) {
      if (this.#count > LABEL_SETS_MAX) {
        this.#sets.clear()
        this.#count = 0
      }
      sets = new Map()
      this.#sets.set(id, sets)
    }
    const key = bound === '' ? suffix : bound
    let set = sets.get(key)
    if (set === undefined) {
      set = LabelSet.from(this.#pairs(family, id, suffix, bound))
      sets.set(key, set)
      this.#count++
    }
    return set
  }

  /** Forgets the label sets of streams. */
  forget(ids: ReadonlySet<number>): void {
    for (const id of ids) {
      this.#count -= this.#sets.get(id)?.size ?? 0
      this.#sets.delete(id)
    }
  }

  *#pairs(family: Family, id: number, suffix: string, bound: string): Iterable<[string, string]> {
    yield [METRIC_NAME, family.name + suffix]
    const { labels } = this.#index
    for (const label of this.#index.labelIds(id))
      yield [labels.nameOf(label), labels.valueOf(label)]
    if (bound !== '') yield ['le', bound]
  }
}
