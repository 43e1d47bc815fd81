import { floatText } from '../decode/float-text.ts'

/** The upper bounds of an explicit histogram's buckets, without +Inf, and as values of the label `le`. */
export interface Bounds {
  readonly values: Float64Array
  /** One more than the bounds: the last is `+Inf`. */
  readonly texts: readonly string[]
}

/** Bucket bounds once each, by number: thousands of histograms share a few sets of bounds. */
export class BoundsTable {
  readonly #all: Bounds[] = []
  readonly #byHash = new Map<number, Map<number, number>>()

  /** The number of the bounds with this hash, or -1. */
  find(hashLow: number, hashHigh: number): number {
    return this.#byHash.get(hashLow)?.get(hashHigh) ?? -1
  }

  add(hashLow: number, hashHigh: number, values: Float64Array): number {
    const number = this.#all.length
    const texts = [...values, Number.POSITIVE_INFINITY].map(floatText)
    this.#all.push({ values, texts })
    let byHigh = this.#byHash.get(hashLow)
    if (byHigh === undefined) {
      byHigh = new Map()
      this.#byHash.set(hashLow, byHigh)
    }
    byHigh.set(hashHigh, number)
    return number
  }

  get(number: number): Bounds {
    return this.#all[number]!
  }

  get size(): number {
    return this.#all.length
  }
}
