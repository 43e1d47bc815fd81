import type { SampleBuffer } from '@chokepoint/promql'
import type { RowLayout } from './row-layout.ts'
import type { RowSink } from './row-reader.ts'

/** Not a power of two: columns that lie 4 KiB apart would share the same few lines of the cache. */
const FIRST_STRIDE = 264
const NO_LAYOUT: RowLayout = { kind: 'explicit', bounds: -1, width: 0 }

/**
 * The rows of one explicit histogram over a range, turned so that each of its series lies in one piece:
 *
 *     times    | t0 | t1 | t2 | …       starts, sums, counts the same
 *     buckets  | le 1: c0 | c1 | c2 | … | le 2: c0 | c1 | …      sums up to each bound, `stride` apart
 */
export class RowColumns implements RowSink {
  /** Whose rows they are, and from where to where; -1 is nobody's. */
  id = -1
  fromMs = 0
  toMs = 0
  /** Whether there are buckets: `_sum` and `_count` need none. */
  counted = false
  /** False when the layout changes on the way, or is not explicit: these columns are then not the rows. */
  uniform = true
  size = 0
  #layout: RowLayout = NO_LAYOUT
  #stale = 0
  #withoutSum = 0
  #withStart = 0
  #stride = FIRST_STRIDE
  #times = new Float64Array(FIRST_STRIDE)
  #starts = new Float64Array(FIRST_STRIDE)
  #sums = new Float64Array(FIRST_STRIDE)
  #counts = new Float64Array(FIRST_STRIDE)
  /** 1 a stale marker, 2 a row without a sum. */
  #marks = new Uint8Array(FIRST_STRIDE)
  #buckets = new Float64Array(0)

  /** Empties the columns, keeping their memory, for the rows of a stream. */
  begin(id: number, fromMs: number, toMs: number, counted: boolean): void {
    this.id = id
    this.fromMs = fromMs
    this.toMs = toMs
    this.counted = counted
    this.uniform = true
    this.#layout = NO_LAYOUT
    this.size = 0
    this.#stale = 0
    this.#withoutSum = 0
    this.#withStart = 0
  }

  /** What the buckets are, where all rows have the same. */
  get rowLayout(): RowLayout {
    return this.#layout
  }

  layout(layout: RowLayout): void {
    const same =
      this.size === 0 ||
      (layout.kind === 'explicit' &&
        this.#layout.kind === 'explicit' &&
        layout.bounds === this.#layout.bounds)
    if (layout.kind !== 'explicit' || !same) this.uniform = false
    this.#layout = layout
    const cells = layout.width * this.#stride
    if (this.counted && this.#buckets.length < cells) this.#buckets = new Float64Array(cells)
  }

  row(
    timeMs: number,
    counts: Float64Array,
    sum: number,
    count: number,
    hasSum: boolean,
    startMs: number,
  ): void {
    if (this.size === this.#stride) this.#grow()
    const at = this.size++
    this.#times[at] = timeMs
    this.#starts[at] = startMs
    this.#sums[at] = sum
    this.#counts[at] = count
    this.#marks[at] = hasSum ? 0 : 2
    if (!hasSum) this.#withoutSum++
    if (startMs !== 0) this.#withStart++
    if (!this.counted) return
    const buckets = this.#buckets
    const stride = this.#stride
    let total = 0
    let cell = at
    for (let i = 0; i < counts.length; i++, cell += stride) {
      total += counts[i]!
      buckets[cell] = total
    }
  }

  stale(timeMs: number, startMs: number): void {
    if (this.size === this.#stride) this.#grow()
    const at = this.size++
    this.#times[at] = timeMs
    this.#starts[at] = startMs
    this.#marks[at] = 1
    this.#stale++
    if (startMs !== 0) this.#withStart++
  }

  /** Appends `x_bucket` of the bound with this place. */
  pushBucket(place: number, into: SampleBuffer): void {
    const from = place * this.#stride
    this.#push(this.#buckets.subarray(from, from + this.size), 1, into)
  }

  /** Appends `x_sum`. */
  pushSums(into: SampleBuffer): void {
    this.#push(this.#sums, 3, into)
  }

  /** Appends `x_count`. */
  pushCounts(into: SampleBuffer): void {
    this.#push(this.#counts, 1, into)
  }

  /** Marks of `mask` are no floats: a stale marker, or nothing. */
  #push(values: Float64Array, mask: number, into: SampleBuffer): void {
    const { size } = this
    const starts = this.#withStart > 0 ? this.#starts : undefined
    if (this.#stale === 0 && (mask === 1 || this.#withoutSum === 0)) {
      into.pushFloats(this.#times, values, 0, size, starts)
      return
    }
    for (let i = 0; i < size; i++) {
      const mark = this.#marks[i]! & mask
      if (mark === 1) into.pushStale(this.#times[i]!)
      else if (mark === 0) into.pushFloat(this.#times[i]!, values[i]!)
      else continue
      if (this.#starts[i] !== 0) into.setStartTime(this.#starts[i]!)
    }
  }

  #grow(): void {
    const before = this.#stride
    const stride = before * 2 + 8
    const longer = (from: Float64Array) => {
      const to = new Float64Array(stride)
      to.set(from)
      return to
    }
    this.#times = longer(this.#times)
    this.#starts = longer(this.#starts)
    this.#sums = longer(this.#sums)
    this.#counts = longer(this.#counts)
    const marks = new Uint8Array(stride)
    marks.set(this.#marks)
    this.#marks = marks
    this.#stride = stride
    if (!this.counted) return
    const { width } = this.#layout
    const buckets = new Float64Array(Math.max(width * stride, this.#buckets.length))
    for (let i = 0; i < width; i++) {
      buckets.set(this.#buckets.subarray(i * before, i * before + before), i * stride)
    }
    this.#buckets = buckets
  }
}
