import { RECORDED_INSTRUMENTS } from './recorded-instruments.ts'
import type { SeriesAttributes, SeriesWriter } from './series-writer.ts'

/** Records into the slots of one histogram. The hot path: two array writes and a search, no allocation. */
export class HistogramRecorder {
  readonly #writer: SeriesWriter
  readonly #instrument: number
  readonly #values: Float64Array
  readonly #boundaries: Float64Array

  constructor(writer: SeriesWriter, instrument: number) {
    this.#writer = writer
    this.#instrument = instrument
    this.#values = writer.memory.values
    this.#boundaries = Float64Array.from(RECORDED_INSTRUMENTS[instrument]!.boundaries)
  }

  /** The place of an attribute set, to be kept by the caller. */
  intern(attributes: SeriesAttributes): number {
    return this.#writer.intern(this.#instrument, attributes)
  }

  /** Whether a place is the overflow series. */
  isOverflow(word: number): boolean {
    return this.#writer.isOverflow(this.#instrument, word)
  }

  /** Adds one measurement, or one that stands for several, at a place that `intern` gave. A NaN is ignored. */
  record(word: number, value: number, times = 1): void {
    // Measurements crowd in the low buckets, where a walk beats a binary search.
    const boundaries = this.#boundaries
    const last = boundaries.length
    let bucket = 0
    while (bucket < last && value > boundaries[bucket]!) bucket++
    if (Number.isNaN(value)) return
    const values = this.#values
    values[word]! += value * times
    values[word + 1 + bucket]! += times
  }
}
