import { roomyLength } from './roomy-length.ts'

/** The newest row of every histogram, as numbers that the next row's differences are taken from. */
export class RowArea {
  floats = new Float64Array(256)
  #used = 0
  readonly #free = new Map<number, number[]>()

  /** A place for `width` numbers, all zero. */
  allocate(width: number): number {
    const reused = this.#free.get(width)?.pop()
    if (reused !== undefined) {
      this.floats.fill(0, reused, reused + width)
      return reused
    }
    const at = this.#used
    this.#used += width
    if (this.#used > this.floats.length) {
      const grown = new Float64Array(roomyLength(this.#used, this.floats.length))
      grown.set(this.floats)
      this.floats = grown
    }
    return at
  }

  release(at: number, width: number): void {
    const free = this.#free.get(width)
    if (free === undefined) this.#free.set(width, [at])
    else free.push(at)
  }

  get bytes(): number {
    return this.#used * 8
  }
}
