import { quote } from './go-format.ts'
/** The label that holds the metric's name. */
export const METRIC_NAME = '__name__'

/** Labels that say what a metric is; operations that make something else of it drop them all. */
const METADATA_LABELS: ReadonlySet<string> = new Set([METRIC_NAME, '__type__', '__unit__'])

/** More than the rules and panels that group one series in different ways. */
const CUTS_MAX = 8

/** Lists of label names in use, at most; beyond, the sharing begins anew. */
const NAME_LISTS_MAX = 10_000
/** Each list of names once: all series of a metric have the same. */
const nameLists = new Map<string, readonly string[]>()

/**
 * An immutable set of labels, sorted by name. A label with an empty value does not exist, as in Prometheus.
 *
 * A source that returns the same object for the same series on every select lets the engine keep
 * what it derived from it (group keys, the set without its name) from one evaluation to the next.
 */
export class LabelSet {
  static readonly EMPTY = new LabelSet([], [])

  /** Undefined until somebody asks, in a set that is composed of others. */
  #names: readonly string[] | undefined
  #values: readonly string[] | undefined
  #key: string | undefined
  #withoutName: LabelSet | undefined
  /** Who made something of this set, each followed by what it made; the newest few. */
  #cuts: unknown[] | undefined

  protected constructor(names?: readonly string[], values?: readonly string[]) {
    this.#names = names
    this.#values = values
  }

  /** Label names, ascending. */
  get names(): readonly string[] {
    if (this.#names === undefined) this.#spellOut()
    return this.#names!
  }

  /** Label values, in the order of `names`. */
  get values(): readonly string[] {
    if (this.#values === undefined) this.#spellOut()
    return this.#values!
  }

  /** The set of these pairs; empty values are left out, of a repeated name the last value stays. */
  static from(pairs: Iterable<readonly [string, string]>): LabelSet {
    const byName = new Map<string, string>()
    for (const [name, value] of pairs) {
      if (value === '') byName.delete(name)
      else byName.set(name, value)
    }
    if (byName.size === 0) return LabelSet.EMPTY
    const names = sharedNames([...byName.keys()].sort())
    return new LabelSet(
      names,
      names.map((name) => byName.get(name)!),
    )
  }

  /** The set of a record's own properties. */
  static of(record: Readonly<Record<string, string>>): LabelSet {
    return LabelSet.from(Object.entries(record))
  }

  get size(): number {
    return this.names.length
  }

  /** The metric's name, or an empty string. */
  get metricName(): string {
    return this.get(METRIC_NAME)
  }

  /** The value of a label; an empty string when the set does not have it. */
  get(name: string): string {
    // Sets are small: a scan beats hashing and binary search.
    const { names, values } = this
    for (let i = 0; i < names.length; i++) if (names[i] === name) return values[i]!
    return ''
  }

  has(name: string): boolean {
    return this.names.includes(name)
  }

  /** A string that two sets share exactly when they are equal; made once. */
  get key(): string {
    if (this.#key === undefined) {
      const { names, values } = this
      const parts: string[] = []
      for (let i = 0; i < names.length; i++) {
        parts.push(unambiguous(names[i]!), unambiguous(values[i]!))
      }
      // Joined, not added up piece by piece: a sum keeps all its pieces in memory.
      this.#key = parts.join('\x01')
    }
    return this.#key
  }

  equals(other: LabelSet): boolean {
    return this === other || this.key === other.key
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    for (let i = 0; i < this.names.length; i++) yield [this.names[i]!, this.values[i]!]
  }

  /** This set without `__name__`, `__type__` and `__unit__`; made once, so the same object each time. */
  withoutName(): LabelSet {
    this.#withoutName ??= this.filter((name) => !METADATA_LABELS.has(name))
    return this.#withoutName
  }

  /** What an owner made of this set, if it is still kept. A weak map by set would cost the collector more. */
  cutOf(owner: object): unknown {
    const cuts = this.#cuts
    if (cuts === undefined) return undefined
    for (let i = 0; i < cuts.length; i += 2) if (cuts[i] === owner) return cuts[i + 1]
    return undefined
  }

  /** Keeps what an owner made of this set; of many owners the newest stay. */
  keepCut(owner: object, cut: unknown): void {
    // Not pushed: an array that grows has room for sixteen more, and there are as many arrays as series.
    const kept = this.#cuts ?? []
    this.#cuts = kept.slice(kept.length >= 2 * CUTS_MAX ? 2 : 0).concat([owner, cut])
  }

  /** This set without the labels named. */
  without(names: readonly string[]): LabelSet {
    return this.filter((name) => !names.includes(name))
  }

  /** The labels of this set that are named. */
  pick(names: readonly string[]): LabelSet {
    return this.filter((name) => names.includes(name))
  }

  /** The labels whose names the test accepts. */
  filter(test: (name: string) => boolean): LabelSet {
    const names: string[] = []
    const values: string[] = []
    for (let i = 0; i < this.names.length; i++) {
      if (!test(this.names[i]!)) continue
      names.push(this.names[i]!)
      values.push(this.values[i]!)
    }
    if (names.length === this.names.length) return this
    return names.length === 0 ? LabelSet.EMPTY : new LabelSet(sharedNames(names), values.slice())
  }

  /** This set with one label set to a value; an empty value removes the label. */
  with(name: string, value: string): LabelSet {
    if (this.get(name) === value) return this
    if (value === '') return this.without([name])
    const at = this.names.findIndex((other) => other >= name)
    const index = at === -1 ? this.names.length : at
    const removed = this.names[index] === name ? 1 : 0
    return new LabelSet(
      sharedNames(this.names.toSpliced(index, removed, name)),
      this.values.toSpliced(index, removed, value),
    )
  }

  /** The same labels as a set with lists of its own. */
  protected spelledOut(): LabelSet {
    return this
  }

  #spellOut(): void {
    const { names, values } = this.spelledOut()
    this.#names = names
    this.#values = values
  }

  toRecord(): Record<string, string> {
    return Object.fromEntries(this)
  }

  /** As Prometheus writes it in messages: `{__name__="up", job="api"}`. */
  toString(): string {
    const pairs: string[] = []
    for (const [name, value] of this) {
      pairs.push(`${LEGACY_LABEL.test(name) ? name : quote(name)}=${quote(value)}`)
    }
    return `{${pairs.join(', ')}}`
  }
}

function sharedNames(names: readonly string[]): readonly string[] {
  const key = names.join('\x01')
  const known = nameLists.get(key)
  // A name may hold the separator.
  if (known?.length === names.length && known.every((name, i) => name === names[i])) return known
  if (nameLists.size >= NAME_LISTS_MAX) nameLists.clear()
  const kept = names.slice()
  nameLists.set(key, kept)
  return kept
}

/** A text in which the separator of keys does not occur. */
function unambiguous(text: string): string {
  if (!text.includes('\x01') && !text.includes('\x02')) return text
  return text.replaceAll('\x02', '\x02b').replaceAll('\x01', '\x02a')
}

/** Whether a text may name a label: any that is valid UTF-8, but the empty one. */
export function isLabelName(name: string): boolean {
  return name !== '' && name.isWellFormed()
}

const LEGACY_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** Orders label sets as Prometheus does: pair by pair, then the shorter one first. */
export function compareLabelSets(a: LabelSet, b: LabelSet): number {
  const length = Math.min(a.size, b.size)
  for (let i = 0; i < length; i++) {
    if (a.names[i] !== b.names[i]) return a.names[i]! < b.names[i]! ? -1 : 1
    if (a.values[i] !== b.values[i]) return a.values[i]! < b.values[i]! ? -1 : 1
  }
  return a.size - b.size
}
