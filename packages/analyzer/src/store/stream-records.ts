import { NO_BLOCK } from './block-pool.ts'
import { roomyLength } from './roomy-length.ts'

// One stream (a series, or a histogram with all its buckets) is one record of 64 bytes, a cache line:
// all that an append reads and writes but the block it writes to.
//
//     bytes  0-7   hash low, hash high     of the bytes that named the stream last time
//            8-15  time                    of its newest sample, ms
//           16-23  start                   of its newest sample, ms
//           24-31  value | sum             of its newest sample
//           32-39  delta | count           the newest step of the value, or the row's count
//           40-47  index, step             of the newest time in the resource's column, and the step to it
//           48-55  head, tail              first and last block
//           56-63  position, resource      in the tail block (with the run bit), and the column's owner
const FLOATS = 8
const INTS = 16

/** Places in a record, counted in its floats. */
export const TIME = 1
export const START = 2
export const VALUE = 3
export const DELTA = 4
/** Places in a record, counted in its ints. */
export const HASH_LOW = 0
export const HASH_HIGH = 1
export const INDEX = 10
export const STEP = 11
export const HEAD = 12
export const TAIL = 13
export const POSITION = 14
export const RESOURCE = 15

/** In POSITION: the byte before the position is a run that the next sample may lengthen. */
export const RUN_BIT = 1 << 20
/** In POSITION: the newest row has a sum. */
export const SUM_BIT = 1 << 21
export const POSITION_MASK = RUN_BIT - 1

/** The records of all streams of a tenant, outside of V8's heap; freed ones are used again. */
export class StreamRecords {
  floats = new Float64Array(64 * FLOATS)
  ints = new Int32Array(this.floats.buffer)
  #size = 0
  readonly #free: number[] = []
  #removed: number[] = []

  /** A record without samples. */
  add(resource: number): number {
    const id = this.#free.pop() ?? this.#size++
    if (id * FLOATS >= this.floats.length) {
      const floats = new Float64Array(roomyLength(0, this.floats.length))
      floats.set(this.floats)
      this.floats = floats
      this.ints = new Int32Array(floats.buffer)
    }
    const floats = id * FLOATS
    const ints = id * INTS
    this.floats.fill(0, floats, floats + FLOATS)
    this.floats[floats + TIME] = Number.NEGATIVE_INFINITY
    this.ints[ints + STEP] = 1
    this.ints[ints + HEAD] = NO_BLOCK
    this.ints[ints + TAIL] = NO_BLOCK
    this.ints[ints + RESOURCE] = resource
    return id
  }

  /** Frees a record; it is used again only after the next `reuseRemoved`. */
  remove(id: number): void {
    // A sender that comes back finds a series by the hash in its record: it must not find this one.
    this.ints[id * INTS + HASH_LOW] = 0
    this.ints[id * INTS + HASH_HIGH] = 0
    this.#removed.push(id)
  }

  /**
   * Lets the records be used again that were removed so far. A query that rests between two steps may still
   * hold a series by its number, so this is called a sweep after they were removed, not at once.
   */
  reuseRemoved(): void {
    for (const id of this.#removed) this.#free.push(id)
    this.#removed = []
  }

  /** One above the largest id ever given. */
  get end(): number {
    return this.#size
  }

  get count(): number {
    return this.#size - this.#free.length - this.#removed.length
  }

  get bytes(): number {
    return this.#size * FLOATS * 8
  }
}
