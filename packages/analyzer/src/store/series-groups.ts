import { ComposedLabels, LabelSet, METRIC_NAME, type SeriesGrouping } from '@chokepoint/promql'
import type { StreamIndex } from './stream-index.ts'

/**
 * Numbers the groups that series fall into by some of their labels. It looks at the numbers of labels only, so a
 * million series need no label sets to be summed up in a hundred groups. Good for one query: label numbers are
 * used again some time after their series are gone.
 */
export class SeriesGroups {
  readonly #index: StreamIndex
  readonly #metric: string
  readonly #by: SeriesGrouping
  readonly #names: ReadonlySet<string>
  readonly #keepsBound: boolean
  readonly #stems = new Map<string, number>()
  readonly #idsOfStem: (readonly number[])[] = []
  readonly #stemLabels: LabelSet[] = []
  /** By stem, the groups of its bounds. */
  readonly #groupsOfStem: Map<string, number>[] = []
  readonly #groups: { readonly stem: number; readonly bound: string }[] = []
  readonly #labels: LabelSet[] = []

  /** `metric` is the name of all the series. */
  constructor(index: StreamIndex, metric: string, by: SeriesGrouping) {
    this.#index = index
    this.#metric = metric
    this.#by = by
    this.#names = new Set(by.names)
    this.#keepsBound = this.#keeps('le')
  }

  /** What the series of a stream have in common, whatever their bounds are. */
  stemOf(id: number, hasBounds: boolean): number {
    const { labels } = this.#index
    let key = ''
    const kept: number[] = []
    for (const label of this.#index.labelIds(id)) {
      const name = labels.nameOf(label)
      // A bucket's bound wins over an attribute of that name.
      if (!this.#keeps(name) || (hasBounds && name === 'le')) continue
      kept.push(label)
      key += String.fromCharCode(label & 0xffff, label >>> 16)
    }
    const known = this.#stems.get(key)
    if (known !== undefined) return known
    const stem = this.#idsOfStem.length
    this.#stems.set(key, stem)
    this.#idsOfStem.push(kept)
    this.#groupsOfStem.push(new Map())
    return stem
  }

  /** The group of a stem's series with a bound; an empty one for a series without. */
  groupOf(stem: number, bound: string): number {
    const key = this.#keepsBound ? bound : ''
    const groups = this.#groupsOfStem[stem]!
    const known = groups.get(key)
    if (known !== undefined) return known
    const group = this.#groups.length
    groups.set(key, group)
    this.#groups.push({ stem, bound: key })
    return group
  }

  /** The labels of a group: the same object each time. */
  labelsOf(group: number): LabelSet {
    this.#labels[group] ??= this.#makeLabels(group)
    return this.#labels[group]
  }

  #makeLabels(group: number): LabelSet {
    const { stem, bound } = this.#groups[group]!
    const name = this.#keeps(METRIC_NAME) ? this.#metric : ''
    const rest = this.#labelsOfStem(stem)
    return name === '' && bound === '' ? rest : new ComposedLabels(rest, name, bound)
  }

  #labelsOfStem(stem: number): LabelSet {
    const { labels } = this.#index
    const made = this.#stemLabels[stem]
    if (made !== undefined) return made
    const pairs = this.#idsOfStem[stem]!.map(
      (label) => [labels.nameOf(label), labels.valueOf(label)] as const,
    )
    const set = LabelSet.from(pairs)
    this.#stemLabels[stem] = set
    return set
  }

  #keeps(name: string): boolean {
    if (this.#by.keep) return this.#names.has(name)
    return name !== METRIC_NAME && !this.#names.has(name)
  }
}
