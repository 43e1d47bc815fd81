import { mixWord } from '../decode/hash-bytes.ts'
import { type Family, FamilyTable } from './family-table.ts'
import { RawTable } from './hash-table.ts'
import { LabelTable } from './label-table.ts'
import { roomyLength } from './roomy-length.ts'
import { RowArea } from './row-area.ts'
import { RESOURCE, StreamRecords } from './stream-records.ts'

// What an append need not know of a stream, eight ints each:
//
//     family | labels at | labels length | row at | row width | row layout | counted series | -
const FIELDS = 8
const FAMILY = 0
const LABELS_AT = 1
const LABELS_LENGTH = 2
const ROW_AT = 3
const ROW_WIDTH = 4
const ROW_LAYOUT = 5
const COUNTED = 6
const NO_FAMILY = -1

/** Who the streams of a tenant are: their families and labels, and how they are found. */
export class StreamIndex {
  readonly records = new StreamRecords()
  readonly labels = new LabelTable()
  readonly rows = new RowArea()
  /** By the bytes that an SDK sends. */
  readonly raw = new RawTable()
  readonly families = new FamilyTable()
  /** By family and labels, so that other bytes for the same series find it too. */
  readonly #byLabels = new RawTable()
  #fields = new Int32Array(64 * FIELDS)
  #labelIds = new Int32Array(1024)
  #labelsUsed = 0
  readonly #freeLabels = new Map<number, number[]>()
  readonly #olderLayouts = new Map<number, readonly number[]>()
  readonly #streamsByColumn: number[] = []
  #series = 0

  /** Series as Prometheus counts them. */
  get series(): number {
    return this.#series
  }

  /** The stream of a family with exactly these labels, or -1. */
  find(family: Family, labelIds: Int32Array): number {
    const { low, high } = this.#key(family, labelIds)
    return this.#byLabels.get(low, high)
  }

  add(family: Family, labelIds: Int32Array, resource: number): number {
    const id = this.records.add(resource)
    if ((id + 1) * FIELDS > this.#fields.length) {
      const grown = new Int32Array(roomyLength(0, this.#fields.length))
      grown.set(this.#fields)
      this.#fields = grown
    }
    const { low, high } = this.#key(family, labelIds)
    this.#byLabels.set(low, high, id)
    const at = id * FIELDS
    this.#fields.fill(0, at, at + FIELDS)
    this.#fields[at + FAMILY] = family.number
    this.#fields[at + LABELS_AT] = this.#keepLabels(labelIds)
    this.#fields[at + LABELS_LENGTH] = labelIds.length
    this.#fields[at + ROW_LAYOUT] = -1
    family.streams.push(id)
    this.labels.retain(labelIds)
    this.#streamsByColumn[resource] = this.streamsOfColumn(resource) + 1
    this.setCounted(id, 1)
    return id
  }

  /** Forgets streams; their samples must be gone already. */
  remove(ids: ReadonlySet<number>): void {
    const families = new Set<Family>()
    this.records.reuseRemoved()
    this.labels.reuseReleased()
    for (const id of ids) {
      families.add(this.familyOf(id))
      this.labels.release(this.labelIds(id))
      this.#streamsByColumn[this.records.ints[id * 16 + RESOURCE]!]!--
      this.setCounted(id, 0)
      const at = id * FIELDS
      const width = this.#fields[at + ROW_WIDTH]!
      if (width > 0) this.rows.release(this.#fields[at + ROW_AT]!, width)
      const length = this.#fields[at + LABELS_LENGTH]!
      const free = this.#freeLabels.get(length)
      if (free === undefined) this.#freeLabels.set(length, [this.#fields[at + LABELS_AT]!])
      else free.push(this.#fields[at + LABELS_AT]!)
      this.#fields[at + FAMILY] = NO_FAMILY
      this.#olderLayouts.delete(id)
      this.records.remove(id)
    }
    for (const family of families) family.streams = family.streams.filter((id) => !ids.has(id))
    this.families.forgetEmpty(families)
    const keeps = (id: number) => !ids.has(id)
    this.raw.prune(keeps)
    this.#byLabels.prune(keeps)
  }

  /** How many streams have their times in a column. */
  streamsOfColumn(column: number): number {
    return this.#streamsByColumn[column] ?? 0
  }

  familyOf(id: number): Family {
    return this.families.at(this.#fields[id * FIELDS + FAMILY]!)
  }

  /** The numbers of a stream's labels in the label table, sorted by name. */
  labelIds(id: number): Int32Array {
    const at = this.#fields[id * FIELDS + LABELS_AT]!
    return this.#labelIds.subarray(at, at + this.#fields[id * FIELDS + LABELS_LENGTH]!)
  }

  /** Whether a stream has a label, by its number. */
  hasLabel(id: number, label: number): boolean {
    const at = id * FIELDS
    const from = this.#fields[at + LABELS_AT]!
    const to = from + this.#fields[at + LABELS_LENGTH]!
    for (let i = from; i < to; i++) if (this.#labelIds[i] === label) return true
    return false
  }

  /** Says how many series Prometheus would count for a stream. */
  setCounted(id: number, series: number): void {
    const at = id * FIELDS + COUNTED
    this.#series += series - this.#fields[at]!
    this.#fields[at] = series
  }

  rowAt(id: number): number {
    return this.#fields[id * FIELDS + ROW_AT]!
  }

  /** What the columns of the newest row are, as a number; -1 before the first row. */
  rowLayout(id: number): number {
    return this.#fields[id * FIELDS + ROW_LAYOUT]!
  }

  /** All layouts that a stream's rows have or had, the newest first. */
  rowLayouts(id: number): readonly number[] {
    const now = this.rowLayout(id)
    if (now === -1) return []
    const older = this.#olderLayouts.get(id)
    return older === undefined ? [now] : [now, ...older.filter((layout) => layout !== now)]
  }

  /** Gives a stream a new place for its newest row, all zero, with a number for what its columns are. */
  setRow(id: number, width: number, layout: number): void {
    const at = id * FIELDS
    const before = this.#fields[at + ROW_WIDTH]!
    if (before > 0) this.rows.release(this.#fields[at + ROW_AT]!, before)
    const old = this.#fields[at + ROW_LAYOUT]!
    if (old !== -1 && old !== layout) {
      const older = this.#olderLayouts.get(id) ?? []
      if (!older.includes(old)) this.#olderLayouts.set(id, [...older, old])
    }
    this.#fields[at + ROW_AT] = width === 0 ? 0 : this.rows.allocate(width)
    this.#fields[at + ROW_WIDTH] = width
    this.#fields[at + ROW_LAYOUT] = layout
  }

  get bytes(): number {
    return (
      this.records.bytes +
      this.rows.bytes +
      this.raw.bytes +
      this.#byLabels.bytes +
      this.records.end * FIELDS * 4 +
      this.#labelsUsed * 4
    )
  }

  #key(family: Family, labelIds: Int32Array): { low: number; high: number } {
    let low = mixWord(0x243f6a88, family.number)
    let high = mixWord(0x85a308d3, family.number)
    for (const id of labelIds) {
      low = mixWord(low, id)
      high = Math.imul(high ^ id, 0x9e3779b1) ^ (high >>> 15)
    }
    return { low, high: mixWord(high, labelIds.length) }
  }

  #keepLabels(ids: Int32Array): number {
    const reused = this.#freeLabels.get(ids.length)?.pop()
    const at = reused ?? this.#labelsUsed
    if (reused === undefined) this.#labelsUsed += ids.length
    if (this.#labelsUsed > this.#labelIds.length) {
      const grown = new Int32Array(roomyLength(this.#labelsUsed, this.#labelIds.length))
      grown.set(this.#labelIds)
      this.#labelIds = grown
    }
    this.#labelIds.set(ids, at)
    return at
  }
}
