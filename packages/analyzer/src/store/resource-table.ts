import { readAttributes } from '../decode/attributes.ts'
import type { PointBatch } from '../decode/point-batch.ts'
import { type ResourceLabels, toResourceLabels } from '../decode/series-labels.ts'
import { TimeColumn } from './time-column.ts'

/** A resource that reported: its labels once, and the times of its reports. */
export interface Resource {
  readonly number: number
  readonly labels: ResourceLabels
  /** The `target_info` stream, or -1. */
  targetInfo: number
  /** The numbers of its labels, while they are known and have not been forgotten. */
  labelIds: { readonly identity: Int32Array; readonly promoted: Int32Array } | undefined
}

/** Resources by the hash of their bytes, and the columns of times that they and others report in. */
export class ResourceTable {
  readonly #columns: (TimeColumn | undefined)[]
  readonly #freeColumns: number[] = []
  readonly #resources = new Map<string, Resource>()

  constructor(columns: (TimeColumn | undefined)[]) {
    this.#columns = columns
  }

  /** The resource at a row of the batch. */
  at(batch: PointBatch, row: number): Resource {
    const key = `${batch.resourceHashLow[row]}:${batch.resourceHashHigh[row]}`
    let resource = this.#resources.get(key)
    if (resource === undefined) {
      const { bytes, resourceStart, resourceEnd } = batch
      const labels = toResourceLabels(
        readAttributes(bytes, resourceStart[row]!, resourceEnd[row]!, 0x0a),
      )
      resource = { number: this.addColumn(), labels, targetInfo: -1, labelIds: undefined }
      this.#resources.set(key, resource)
    }
    return resource
  }

  /** A new column of times; its number. */
  addColumn(): number {
    const number = this.#freeColumns.pop() ?? this.#columns.length
    this.#columns[number] = new TimeColumn()
    return number
  }

  /** Forgets resources whose columns the test does not keep, and `target_info` streams that are gone. */
  forget(keeps: (column: number) => boolean, gone: ReadonlySet<number>): void {
    for (const [key, resource] of this.#resources) {
      // Labels went with the series.
      if (gone.size > 0) resource.labelIds = undefined
      if (gone.has(resource.targetInfo)) resource.targetInfo = -1
      if (keeps(resource.number)) continue
      this.#resources.delete(key)
      this.#columns[resource.number] = undefined
      this.#freeColumns.push(resource.number)
    }
  }
}
