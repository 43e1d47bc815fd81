const FIRST_CAPACITY = 16
// An exporter that reads several sources at slightly different times sends them side by side.
const LOOK_BACK = 8

/**
 * The times at which one resource reported, once for all its series: a series keeps only which of them
 * it has. An SDK collects all instruments at one time, so a hundred series share eight bytes.
 *
 *     index   first      first+1     …      last
 *     times | t        | t         | …    | t     |     in the order of arrival
 */
export class TimeColumn {
  #times = new Float64Array(FIRST_CAPACITY)
  #first = 0
  #size = 0
  /** The newest entry, so that the usual case is one comparison. */
  lastTimeMs = Number.NaN
  lastIndex = -1

  /** The index of a time; it is added when it is not among the newest. */
  indexOf(timeMs: number): number {
    const oldest = Math.max(0, this.#size - LOOK_BACK)
    for (let i = this.#size - 1; i >= oldest; i--) {
      if (this.#times[i] === timeMs) return this.#first + i
    }
    if (this.#size === this.#times.length) {
      const grown = new Float64Array(this.#size + Math.max(FIRST_CAPACITY, this.#size >> 1))
      grown.set(this.#times)
      this.#times = grown
    }
    this.#times[this.#size] = timeMs
    this.lastTimeMs = timeMs
    this.lastIndex = this.#first + this.#size++
    return this.lastIndex
  }

  /** The time with an index; -Infinity when it is forgotten. */
  timeAt(index: number): number {
    const at = index - this.#first
    return at < 0 ? Number.NEGATIVE_INFINITY : this.#times[at]!
  }

  /** Forgets the times at the front that are before `cutoffMs`. */
  forgetBefore(cutoffMs: number): void {
    let drop = 0
    // The newest stays: series refer to it when they look whether their next time is new.
    while (drop < this.#size - 1 && this.#times[drop]! < cutoffMs) drop++
    if (drop * 4 < this.#size) return
    this.#times = this.#times.slice(drop, this.#size + FIRST_CAPACITY)
    this.#first += drop
    this.#size -= drop
    if (this.#times.length < this.#size + 1) {
      const grown = new Float64Array(this.#size + FIRST_CAPACITY)
      grown.set(this.#times)
      this.#times = grown
    }
  }

  get bytes(): number {
    return this.#times.byteLength
  }
}
