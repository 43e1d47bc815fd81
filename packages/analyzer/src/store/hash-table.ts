const EMPTY = -1
const FIRST_SLOTS = 16
const SLOT_BYTES = 12
/** Parts that grow each by itself, by the top bits of the hash: growing one of a million streams takes no time. */
const PARTS = 64
const PART_SHIFT = 26

/** Finds a stream by the 64-bit hash of the bytes that named it. */
export class RawTable {
  readonly #parts: readonly TablePart[] = Array.from({ length: PARTS }, () => new TablePart())
  #size = 0
  #bytes = PARTS * FIRST_SLOTS * SLOT_BYTES

  /** The stream with this hash, or -1. */
  get(low: number, high: number): number {
    return this.#parts[high >>> PART_SHIFT]!.get(low, high)
  }

  set(low: number, high: number, id: number): void {
    this.#bytes += this.#parts[high >>> PART_SHIFT]!.set(low, high, id)
    this.#size++
  }

  /** Leaves out the entries of streams that the test does not keep. */
  prune(keeps: (id: number) => boolean): void {
    this.#size = 0
    for (const part of this.#parts) this.#size += part.prune(keeps)
  }

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#bytes
  }
}

/**
 * Open addressing in one typed array, three ints a slot, so a million streams are 24 MB that the collector never walks.
 *
 *     slot | hash low | hash high | stream or -1 |
 */
class TablePart {
  #slots = emptySlots(FIRST_SLOTS)
  #mask = FIRST_SLOTS - 1
  #size = 0

  get(low: number, high: number): number {
    const slots = this.#slots
    for (let slot = low & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const id = slots[slot * 3 + 2]!
      if (id === EMPTY) return -1
      if (slots[slot * 3] === low && slots[slot * 3 + 1] === high) return id
    }
  }

  /** Adds an entry; the bytes that the part has grown by. */
  set(low: number, high: number, id: number): number {
    // At most two thirds full: a search ends after about two slots.
    const bytes = this.#slots.byteLength
    if ((this.#size + 1) * 3 > (this.#mask + 1) * 2) this.#rebuild((this.#mask + 1) * 2)
    this.#insert(low, high, id)
    return this.#slots.byteLength - bytes
  }

  /** The entries that are left. */
  prune(keeps: (id: number) => boolean): number {
    this.#rebuild(this.#mask + 1, keeps)
    return this.#size
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
