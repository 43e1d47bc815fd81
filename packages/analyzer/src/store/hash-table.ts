const EMPTY = -1
const FIRST_SLOTS = 256

/**
 * Finds a stream by the 64-bit hash of the bytes that named it. Open addressing in one typed array, three
 * ints a slot, so a million streams are 24 MB that the collector never walks.
 *
 *     slot | hash low | hash high | stream or -1 |
 */
export class RawTable {
  #slots = emptySlots(FIRST_SLOTS)
  #mask = FIRST_SLOTS - 1
  #size = 0

  /** The stream with this hash, or -1. */
  get(low: number, high: number): number {
    const slots = this.#slots
    for (let slot = low & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const id = slots[slot * 3 + 2]!
      if (id === EMPTY) return -1
      if (slots[slot * 3] === low && slots[slot * 3 + 1] === high) return id
    }
  }

  set(low: number, high: number, id: number): void {
    // At most two thirds full: a search ends after about two slots.
    if ((this.#size + 1) * 3 > (this.#mask + 1) * 2) this.#rebuild((this.#mask + 1) * 2)
    this.#insert(low, high, id)
  }

  /** Leaves out the entries of streams that the test does not keep. */
  prune(keeps: (id: number) => boolean): void {
    this.#rebuild(this.#mask + 1, keeps)
  }

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#slots.byteLength
  }

  #insert(low: number, high: number, id: number): void {
    const slots = this.#slots
    let slot = low & this.#mask
    while (slots[slot * 3 + 2] !== EMPTY) slot = (slot + 1) & this.#mask
    slots[slot * 3] = low
    slots[slot * 3 + 1] = high
    slots[slot * 3 + 2] = id
    this.#size++
  }

  #rebuild(count: number, keeps?: (id: number) => boolean): void {
    const before = this.#slots
    this.#slots = emptySlots(count)
    this.#mask = count - 1
    this.#size = 0
    for (let at = 0; at < before.length; at += 3) {
      const id = before[at + 2]!
      if (id === EMPTY || (keeps !== undefined && !keeps(id))) continue
      this.#insert(before[at]!, before[at + 1]!, id)
    }
  }
}

function emptySlots(count: number): Int32Array {
  return new Int32Array(count * 3).fill(EMPTY)
}
