/** How the samples of a family are kept. */
export type Storage = 'number' | 'row' | 'exponential'

/** All streams of one name that are kept in the same way. */
export interface Family {
  /** Used again when the family is forgotten. */
  readonly number: number
  /** The Prometheus name; of an explicit histogram without `_bucket`, `_sum`, `_count`. */
  readonly name: string
  readonly storage: Storage
  readonly type: 'gauge' | 'counter' | 'histogram' | 'summary' | 'unknown'
  help: string
  readonly unit: string
  streams: number[]
}

/** What of a family a metric name stands for. */
export type Part = 'all' | '_bucket' | '_sum' | '_count'

/** What a query means by a name. */
export interface NamedPart {
  readonly family: Family
  readonly part: Part
}

const WHOLE: readonly Part[] = ['all']
const OF_ROWS: readonly Part[] = ['_bucket', '_sum', '_count']

/** The families of a tenant, by number, by name and storage, and by the names that queries use. */
export class FamilyTable {
  readonly #byNumber: Family[] = []
  readonly #freeNumbers: number[] = []
  readonly #byKey = new Map<string, Family>()
  readonly #parts = new Map<string, readonly NamedPart[]>()
  /** Those that had no stream when they were made. */
  #fresh: Family[] = []

  /** The family of a name, made when it is new. */
  of(name: string, storage: Storage, make: () => Pick<Family, 'type' | 'help' | 'unit'>): Family {
    const key = keyOf(name, storage)
    let family = this.#byKey.get(key)
    if (family === undefined) {
      const number = this.#freeNumbers.pop() ?? this.#byNumber.length
      family = { number, name, storage, streams: [], ...make() }
      this.#byNumber[number] = family
      this.#byKey.set(key, family)
      this.#fresh.push(family)
      for (const [partName, part] of namedParts(family)) {
        this.#parts.set(partName, [...this.parts(partName), { family, part }])
      }
    }
    return family
  }

  /** A family that is there already. */
  find(name: string, storage: Storage): Family | undefined {
    return this.#byKey.get(keyOf(name, storage))
  }

  at(number: number): Family {
    return this.#byNumber[number]!
  }

  all(): Iterable<Family> {
    return this.#byKey.values()
  }

  /** What a name of a query stands for: nothing, a part of one family, or parts of two. */
  parts(name: string): readonly NamedPart[] {
    return this.#parts.get(name) ?? []
  }

  /** The names that queries use. */
  names(): Iterable<string> {
    return this.#parts.keys()
  }

  /** Forgets these families when no stream is left of them. */
  forgetEmpty(families: Iterable<Family>): void {
    for (const family of families) {
      if (family.streams.length > 0) continue
      this.#byKey.delete(keyOf(family.name, family.storage))
      delete this.#byNumber[family.number]
      this.#freeNumbers.push(family.number)
      for (const [name] of namedParts(family)) {
        const left = this.parts(name).filter((each) => each.family !== family)
        if (left.length === 0) this.#parts.delete(name)
        else this.#parts.set(name, left)
      }
    }
  }

  /** Forgets the families made since the last call whose series were all refused. */
  forgetRefused(): void {
    if (this.#fresh.length === 0) return
    this.forgetEmpty(this.#fresh)
    this.#fresh = []
  }
}

function keyOf(name: string, storage: Storage): string {
  return `${storage}:${name}`
}

function namedParts({ name, storage }: Family): (readonly [name: string, part: Part])[] {
  const parts = storage === 'row' ? OF_ROWS : WHOLE
  return parts.map((part) => [name + suffixOf(part), part] as const)
}

/** What a part's name has behind the family's. */
export function suffixOf(part: Part): string {
  return part === 'all' ? '' : part
}
