import type { NativeHistogram } from './histogram/native-histogram.ts'

/** What a sample holds. A stale marker ends a series; it is not a value, and not a NaN. */
export const SAMPLE_FLOAT = 0
export const SAMPLE_STALE = 1
export const SAMPLE_HISTOGRAM = 2

const FIRST_CAPACITY = 256
/** Shorter runs are copied faster one by one than by making views of them. */
const BULK_LENGTH = 96

/**
 * A growable run of samples that is filled, read and emptied over and over.
 *
 *     times      | t0 | t1 | t2 | …     milliseconds, ascending
 *     values     | v0 |  – | v2 | …     floats; 0 where the sample is no float
 *     kinds      |  0 |  2 |  0 | …     SAMPLE_FLOAT, SAMPLE_STALE or SAMPLE_HISTOGRAM
 *     histograms |  – | h1 |  – | …     only where kinds says so
 *     startTimes | s0 | s1 | s2 | …     only when a source knows them; 0 is unknown
 *
 * Stale markers have a kind of their own because JavaScript does not keep NaN payloads.
 */
export class SampleBuffer {
  size = 0
  times = new Float64Array(FIRST_CAPACITY)
  values = new Float64Array(FIRST_CAPACITY)
  kinds = new Uint8Array(FIRST_CAPACITY)
  histograms: (NativeHistogram | undefined)[] = []
  startTimes: Float64Array | undefined
  /** How many of the samples are not floats; 0 lets readers skip `kinds`. */
  special = 0
  /** Start times are asked for series by series: their memory is kept as that of times is. */
  #startTimesKept: Float64Array | undefined

  /** Empties the buffer and keeps its memory. */
  clear(): void {
    if (this.special > 0) this.histograms.length = 0
    this.size = 0
    this.special = 0
    this.startTimes = undefined
  }

  pushFloat(timeMs: number, value: number): void {
    const at = this.#grow(timeMs)
    this.values[at] = value
    this.kinds[at] = SAMPLE_FLOAT
  }

  pushStale(timeMs: number): void {
    const at = this.#grow(timeMs)
    this.values[at] = 0
    this.kinds[at] = SAMPLE_STALE
    this.special++
  }

  pushHistogram(timeMs: number, histogram: NativeHistogram): void {
    const at = this.#grow(timeMs)
    this.values[at] = 0
    this.kinds[at] = SAMPLE_HISTOGRAM
    this.histograms[at] = histogram
    this.special++
  }

  /** Appends floats [from, to) of parallel arrays at once; `startTimes` as `setStartTime` has them. */
  pushFloats(
    times: Float64Array,
    values: Float64Array,
    from: number,
    to: number,
    startTimes?: Float64Array,
  ): void {
    const length = to - from
    if (length <= 0) return
    this.reserve(this.size + length)
    const at = this.size
    if (length > BULK_LENGTH) {
      this.times.set(times.subarray(from, to), at)
      this.values.set(values.subarray(from, to), at)
    } else {
      for (let i = 0; i < length; i++) {
        this.times[at + i] = times[from + i]!
        this.values[at + i] = values[from + i]!
      }
    }
    this.kinds.fill(SAMPLE_FLOAT, at, at + length)
    this.size = at + length
    if (startTimes === undefined) return
    const kept = this.startTimes ?? this.#beginStartTimes()
    for (let i = 0; i < length; i++) kept[at + i] = startTimes[from + i]!
  }

  /** Tells when the counter of the newest sample began (milliseconds; 0 is unknown). */
  setStartTime(startMs: number): void {
    const startTimes = this.startTimes ?? this.#beginStartTimes()
    startTimes[this.size - 1] = startMs
  }

  #beginStartTimes(): Float64Array {
    const capacity = this.times.length
    if (this.#startTimesKept?.length === capacity) this.#startTimesKept.fill(0)
    else this.#startTimesKept = new Float64Array(capacity)
    this.startTimes = this.#startTimesKept
    return this.startTimes
  }

  /** Makes room for `capacity` samples in all. */
  reserve(capacity: number): void {
    if (capacity <= this.times.length) return
    const length = Math.max(capacity, this.times.length * 2)
    const times = new Float64Array(length)
    times.set(this.times)
    const values = new Float64Array(length)
    values.set(this.values)
    const kinds = new Uint8Array(length)
    kinds.set(this.kinds)
    this.times = times
    this.values = values
    this.kinds = kinds
    if (this.startTimes !== undefined) {
      const startTimes = new Float64Array(length)
      startTimes.set(this.startTimes)
      this.startTimes = startTimes
      this.#startTimesKept = startTimes
    }
  }

  #grow(timeMs: number): number {
    const at = this.size
    if (at === this.times.length) this.reserve(at + 1)
    this.times[at] = timeMs
    this.size = at + 1
    return at
  }
}
