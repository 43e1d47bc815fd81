import { DIRECTORY, DROPS, type DropKey, REGIONS, type SharedMemory } from './memory-layout.ts'
import { RECORDED_INSTRUMENTS } from './recorded-instruments.ts'

/** The attributes of a series or a span, as OpenTelemetry allows them on metrics here. */
export type SeriesAttributes = Readonly<Record<string, string | number | boolean>>

/** Longest attribute value that is kept, in UTF-16 units; the rest is cut and counted. */
export const ATTRIBUTE_LENGTH_MAX = 255

const DROP_INDEX = new Map(DROPS.map(({ kind, reason }, index) => [`${kind}.${reason}`, index]))

/** The app thread's side of the shared memory: interns attribute sets and adds numbers. */
export class SeriesWriter {
  readonly memory: SharedMemory
  readonly #used: number[]
  readonly #slots = new Map<string, number>()
  #directoryBytes = 0

  constructor(memory: SharedMemory) {
    this.memory = memory
    this.#used = REGIONS.map(() => 0)
  }

  /**
   * The place of an attribute set, as a word index to record at; the same set gives the same place.
   * When the instrument's room is used up it is the place of the overflow series, and the drop is counted.
   * Callers keep the answer: this is the slow way.
   */
  intern(instrument: number, attributes: SeriesAttributes): number {
    const cut = this.#cutLongValues(attributes)
    const key = `${instrument}${JSON.stringify(Object.entries(cut).sort())}`
    const known = this.#slots.get(key)
    if (known !== undefined) return known
    const region = REGIONS[instrument]!
    const slot = this.#used[instrument]! + 1
    if (slot >= region.slots) return this.#overflow(instrument, 'series.limit')
    if (!this.#announce(instrument, slot, cut)) {
      return this.#overflow(instrument, 'series.directory_full')
    }
    this.#used[instrument] = slot
    const word = region.base + slot * region.stride
    this.#slots.set(key, word)
    return word
  }

  /** Whether a place is an instrument's overflow series, so that the caller need not keep it. */
  isOverflow(instrument: number, word: number): boolean {
    return word === REGIONS[instrument]!.base
  }

  /** Adds to a counter or an up-down counter. */
  add(word: number, amount: number): void {
    this.memory.values[word]! += amount
  }

  /** Sets a gauge. */
  set(word: number, value: number): void {
    this.memory.values[word] = value
  }

  /** Counts something that could not be kept. */
  drop(key: DropKey, count = 1): void {
    this.memory.drops[DROP_INDEX.get(key)!]! += count
  }

  #overflow(instrument: number, reason: DropKey): number {
    this.drop(reason)
    const key = `${instrument}overflow`
    const { base } = REGIONS[instrument]!
    if (!this.#slots.has(key)) {
      this.#announce(instrument, 0, { 'otel.metric.overflow': true })
      this.#slots.set(key, base)
    }
    return base
  }

  /** Appends a line to the directory; false when there is no room for it and for every overflow line. */
  #announce(instrument: number, slot: number, attributes: SeriesAttributes): boolean {
    const line = `${JSON.stringify([instrument, slot, attributes])}\n`
    const bytes = Buffer.byteLength(line)
    const reserved = slot === 0 ? 0 : 64 * RECORDED_INSTRUMENTS.length
    const { control, directory } = this.memory
    if (this.#directoryBytes + bytes + reserved > directory.length) return false
    directory.write(line, this.#directoryBytes)
    this.#directoryBytes += bytes
    // The length is published last: the reader never sees half a line.
    Atomics.store(control, DIRECTORY, this.#directoryBytes)
    return true
  }

  #cutLongValues(attributes: SeriesAttributes): SeriesAttributes {
    let cut: Record<string, string | number | boolean> | undefined
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value !== 'string' || value.length <= ATTRIBUTE_LENGTH_MAX) continue
      cut ??= { ...attributes }
      cut[name] = value.slice(0, ATTRIBUTE_LENGTH_MAX)
      this.drop('attribute.length')
    }
    return cut ?? attributes
  }
}
