/**
 * Every label pair once, as a number. A series is then a short list of numbers, sorted by label name,
 * instead of an object with strings.
 */
export class LabelTable {
  readonly #ids = new Map<string, number>()
  readonly #names: string[] = []
  readonly #values: string[] = []
  readonly #nameIds = new Map<string, string>()

  /** The number of a pair; it is added when it is new. */
  idOf(name: string, value: string): number {
    const key = `${name}\xff${value}`
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    // One string object for all pairs of a name: comparing names is then comparing pointers.
    let shared = this.#nameIds.get(name)
    if (shared === undefined) {
      shared = name
      this.#nameIds.set(name, name)
    }
    const id = this.#names.length
    this.#names.push(shared)
    this.#values.push(value)
    this.#ids.set(key, id)
    return id
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
    ids.sort((a, b) => (this.#names[a]! < this.#names[b]! ? -1 : 1))
    return Int32Array.from(ids)
  }

  get size(): number {
    return this.#names.length
  }
}
