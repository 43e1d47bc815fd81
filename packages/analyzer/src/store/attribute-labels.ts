import { randomBytes } from 'node:crypto'
import { hashBytes } from '../decode/hash-bytes.ts'
import type { PointBatch } from '../decode/point-batch.ts'
import { WireReader } from '../decode/wire-reader.ts'
import { RawTable } from './hash-table.ts'

// Each is a few numbers; senders that make up attributes must not fill the memory.
const SETS_MAX = 20_000

/**
 * The label numbers of sets of attributes, by the bytes of a metric's name and of its point's attributes. The services of
 * a fleet send the same sets: their series differ only in the resource, and need not be read attribute by attribute.
 */
export class AttributeLabels {
  readonly #seed = randomBytes(8)
  readonly #lanes = new Int32Array(2)
  #table = new RawTable()
  #sets: Int32Array[] = []

  /** The label numbers of a point's attributes, sorted by name, if they are kept. */
  find(batch: PointBatch, point: number, tag: number): Int32Array | undefined {
    this.#hash(batch, point, tag)
    const set = this.#table.get(this.#lanes[0]!, this.#lanes[1]!)
    return set === -1 ? undefined : this.#sets[set]
  }

  /** Keeps the numbers of the attributes that were looked for last. */
  keep(ids: Int32Array): void {
    if (this.#sets.length >= SETS_MAX) this.clear()
    this.#table.set(this.#lanes[0]!, this.#lanes[1]!, this.#sets.length)
    this.#sets.push(ids)
  }

  /** Must be called when labels were forgotten: their numbers are used again. */
  clear(): void {
    if (this.#sets.length === 0) return
    this.#table = new RawTable()
    this.#sets = []
  }

  #hash(batch: PointBatch, point: number, tag: number): void {
    const lanes = this.#lanes
    lanes[0] = this.#seed.readInt32LE(0)
    lanes[1] = this.#seed.readInt32LE(4)
    const { bytes, view, nameStart, nameEnd, pointStart, pointEnd, pointMetric } = batch
    const metric = pointMetric[point]!
    hashBytes(view, nameStart[metric]!, nameEnd[metric]!, lanes)
    const reader = new WireReader(bytes, pointStart[point]!, pointEnd[point]!, view)
    for (let next = reader.tag(); next !== 0; next = reader.tag()) {
      if (next !== tag) {
        reader.skip(next)
        continue
      }
      const end = reader.lengthEnd()
      hashBytes(view, reader.at, end, lanes)
      reader.at = end
    }
  }
}
