import { DIRECTORY, DROPS, REGIONS, type SharedMemory } from './memory-layout.ts'
import { RECORDED_INSTRUMENTS, type RecordedInstrument } from './recorded-instruments.ts'
import type { SeriesAttributes } from './series-writer.ts'

interface SeriesIdentity {
  readonly instrument: RecordedInstrument
  readonly attributes: SeriesAttributes
}

/** The state of a histogram series since the process began: cumulative. */
export interface HistogramSeries extends SeriesIdentity {
  readonly kind: 'histogram'
  readonly sum: number
  /** Equals the sum of `buckets`. */
  readonly count: number
  /** Measurements per bucket, one more than the instrument has boundaries. */
  readonly buckets: readonly number[]
}

/** The value of a counter, an up-down counter or a gauge. */
export interface NumberSeries extends SeriesIdentity {
  readonly kind: 'number'
  readonly value: number
}

export type ReadSeries = HistogramSeries | NumberSeries

interface Place extends SeriesIdentity {
  readonly word: number
}

/** The watch thread's side of the shared memory. The app thread takes no part in a read. */
export class SeriesReader {
  readonly #memory: SharedMemory
  readonly #places: Place[] = []
  #directoryBytes = 0

  constructor(memory: SharedMemory) {
    this.#memory = memory
  }

  /** Attribute sets that have a place. */
  get seriesCount(): number {
    this.#readDirectory()
    return this.#places.length
  }

  /** All series with their state now, in the order in which they first appeared. */
  *read(): Generator<ReadSeries> {
    this.#readDirectory()
    for (const place of this.#places) yield this.#readPlace(place)
  }

  /** Measurements in histograms so far; cheaper than to read them. */
  recordCount(): number {
    this.#readDirectory()
    const { values } = this.#memory
    let count = 0
    for (const { instrument, word } of this.#places) {
      if (instrument.row.kind !== 'histogram') continue
      const end = word + instrument.boundaries.length + 2
      for (let bucket = word + 1; bucket < end; bucket++) count += values[bucket]!
    }
    return count
  }

  /** What the app thread has dropped so far; rows without a drop are left out. */
  readDrops(): { kind: string; reason: string; count: number }[] {
    return DROPS.map((row, index) => ({ ...row, count: this.#memory.drops[index]! })).filter(
      ({ count }) => count > 0,
    )
  }

  #readPlace({ instrument, attributes, word }: Place): ReadSeries {
    const { values } = this.#memory
    if (instrument.row.kind !== 'histogram') {
      return { kind: 'number', instrument, attributes, value: values[word]! }
    }
    const first = word + 1
    const buckets = Array.from(values.subarray(first, first + instrument.boundaries.length + 1))
    const count = buckets.reduce((total, bucket) => total + bucket, 0)
    return { kind: 'histogram', instrument, attributes, sum: values[word]!, count, buckets }
  }

  #readDirectory(): void {
    const end = Atomics.load(this.#memory.control, DIRECTORY)
    if (end === this.#directoryBytes) return
    const lines = this.#memory.directory.toString('utf8', this.#directoryBytes, end)
    this.#directoryBytes = end
    for (const line of lines.split('\n')) {
      if (line === '') continue
      const [number, slot, attributes] = JSON.parse(line) as [number, number, SeriesAttributes]
      const region = REGIONS[number]!
      this.#places.push({
        instrument: RECORDED_INSTRUMENTS[number]!,
        attributes,
        word: region.base + slot * region.stride,
      })
    }
  }
}
