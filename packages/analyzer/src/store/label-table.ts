/**
 * Every label pair once, as a number. A series is then a short list of numbers, sorted by label name,
 * instead of an object with strings.
 */
export class LabelTable {
  readonly #ids = new Map<string, number>()
  readonly #names: string[] = []
  readonly #values: string[] = []
  readonly #nameIds = new Map<string, string>()
  /** How many series have a pair. */
  readonly #uses: number[] = []
  #unused: number[] = []
  readonly #free: number[] = []

  /** The number of a pair; it is added when it is new. */
  idOf(name: string, value: string): number {
    const key = keyOf(name, value)
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    // One string object for all pairs of a name: comparing names is then comparing pointers.
    let shared = this.#nameIds.get(name)
    if (shared === undefined) {
      shared = name
      this.#nameIds.set(name, name)
    }
    const id = this.#free.pop() ?? this.#names.length
    this.#names[id] = shared
    this.#values[id] = value
    this.#uses[id] = 0
    this.#ids.set(key, id)
    return id
  }

  /** Notes a series with these pairs. */
  retain(ids: Int32Array): void {
    for (const id of ids) this.#uses[id]!++
  }

  /** Notes that a series with these pairs is gone; pairs that no series has are forgotten. */
  release(ids: Int32Array): void {
    for (const id of ids) {
      if (--this.#uses[id]! > 0) continue
      this.#ids.delete(keyOf(this.#names[id]!, this.#values[id]!))
      this.#unused.push(id)
    }
  }

  /** Lets the numbers be used again that were forgotten so far: a query that rests may still read them until then. */
  reuseReleased(): void {
    for (const id of this.#unused) this.#free.push(id)
    this.#unused = []
  }

  nameOf(id: number): string {
    return this.#names[id]!
  }

  valueOf(id: number): string {
    return this.#values[id]!
  }

  /** Numbers of labels, sorted by name: two series have the same labels exactly when these are equal. */
  idsOf(labels: Iterable<readonly [string, string]>): Int32Array {
    const ids: number[] = []
    // A label with an empty value does not exist.
    for (const [name, value] of labels) if (value !== '') ids.push(this.idOf(name, value))
    return this.#sorted(ids)
  }

  /** The same when all of them are there already; undefined, and nothing added, when one is new. */
  knownIdsOf(labels: Iterable<readonly [string, string]>): Int32Array | undefined {
    const ids: number[] = []
    for (const [name, value] of labels) {
      if (value === '') continue
      const id = this.knownIdOf(name, value)
      if (id === undefined) return undefined
      ids.push(id)
    }
    return this.#sorted(ids)
  }

  /** The number of a pair; undefined when no series has it. */
  knownIdOf(name: string, value: string): number | undefined {
    return this.#ids.get(keyOf(name, value))
  }

  /**
   * The labels of a series by those of its attributes and of its resource, each sorted by name: of one name `identity`
   * wins over `own`, and that over `promoted`.
   */
  joined(own: Int32Array, promoted: Int32Array, identity: Int32Array): Int32Array {
    return this.#merged(identity, this.#merged(own, promoted))
  }

  /** Both lists in one; of a name that is in both the first's. */
  #merged(first: Int32Array, second: Int32Array): Int32Array {
    if (second.length === 0) return first
    const merged = new Int32Array(first.length + second.length)
    let size = 0
    let i = 0
    let j = 0
    while (i < first.length && j < second.length) {
      const name = this.#names[first[i]!]!
      const other = this.#names[second[j]!]!
      if (name === other) j++
      else merged[size++] = name < other ? first[i++]! : second[j++]!
    }
    while (i < first.length) merged[size++] = first[i++]!
    while (j < second.length) merged[size++] = second[j++]!
    return size === merged.length ? merged : merged.slice(0, size)
  }

  #sorted(ids: number[]): Int32Array {
    return Int32Array.from(ids.sort((a, b) => (this.#names[a]! < this.#names[b]! ? -1 : 1)))
  }

  /** Pairs that are kept. */
  get size(): number {
    return this.#ids.size
  }
}

function keyOf(name: string, value: string): string {
  return `${name}\xff${value}`
}
