import type { NativeHistogram } from '../histogram/native-histogram.ts'
import { LabelSet } from '../label-set.ts'
import { SAMPLE_FLOAT, SAMPLE_HISTOGRAM, type SampleBuffer } from '../sample-buffer.ts'
import { type Block, FLOAT, HISTOGRAM } from './block.ts'

const NO_TIMES = new Float64Array(0)

/**
 * The samples of one series, and the part of them that one step sees. A range query loads a series
 * once and slides the part over it:
 *
 *     times    | 10 | 20 | 30 | 40 | 50 | 60 |
 *     step 0    from ────────── to                window (rangeStart, rangeEnd]
 *     step 1         from ────────── to
 *
 * Floats and histograms are in arrays of their own, each with its own from and to.
 */
export class Window {
  labels: LabelSet = LabelSet.EMPTY
  times: Float64Array = NO_TIMES
  values: Float64Array = NO_TIMES
  /** When the counter of each float began; empty when unknown or not asked for. */
  startTimes: Float64Array = NO_TIMES
  from = 0
  to = 0
  histogramTimes: number[] = []
  histograms: NativeHistogram[] = []
  histogramStartTimes: number[] = []
  histogramFrom = 0
  histogramTo = 0
  /** The instant of evaluation. */
  stepMs = 0
  /** The selected range is (rangeStartMs, rangeEndMs]. */
  rangeStartMs = 0
  rangeEndMs = 0
  #size = 0
  #resets: number[] | undefined
  // Where floats go when they must be told apart from other samples.
  #ownTimes = NO_TIMES
  #ownValues = NO_TIMES
  #ownStarts = NO_TIMES

  /** Floats in the part that the step sees. */
  get floats(): number {
    return this.to - this.from
  }

  /** Histograms in the part that the step sees. */
  get histogramCount(): number {
    return this.histogramTo - this.histogramFrom
  }

  /** Takes the samples of a buffer; stale markers are no samples. */
  load(labels: LabelSet, buffer: SampleBuffer, withStartTimes: boolean): void {
    this.#begin(labels)
    if (buffer.special === 0) {
      this.times = buffer.times
      this.values = buffer.values
      this.#size = buffer.size
      if (withStartTimes && buffer.startTimes !== undefined) this.startTimes = buffer.startTimes
      return
    }
    this.#reserve(buffer.size)
    for (let i = 0; i < buffer.size; i++) {
      const start = buffer.startTimes?.[i] ?? 0
      if (buffer.kinds[i] === SAMPLE_FLOAT) this.#float(buffer.times[i]!, buffer.values[i]!, start)
      else if (buffer.kinds[i] === SAMPLE_HISTOGRAM) {
        this.#histogram(buffer.times[i]!, buffer.histograms[i]!, start)
      }
    }
    this.#finish(withStartTimes && buffer.startTimes !== undefined)
  }

  /** Takes a row of a subquery's result, whose first column is at `startMs`. */
  loadRow(block: Block, row: number, startMs: number, stepMs: number): void {
    this.#begin(block.labels[row]!)
    this.#reserve(block.steps)
    for (let step = 0; step < block.steps; step++) {
      const cell = row * block.steps + step
      const time = startMs + step * stepMs
      if (block.kinds[cell] === FLOAT) this.#float(time, block.values[cell]!, 0)
      else if (block.kinds[cell] === HISTOGRAM) {
        this.#histogram(time, withoutResetHint(block.histograms![cell]!), 0)
      }
    }
    this.#finish(false)
  }

  /** Moves the part on to the samples in (fromMs, toMs]; neither bound may go back. */
  slide(fromMs: number, toMs: number): void {
    const times = this.times
    const size = this.#size
    let from = this.from
    while (from < size && times[from]! <= fromMs) from++
    let to = Math.max(this.to, from)
    while (to < size && times[to]! <= toMs) to++
    this.from = from
    this.to = to
    if (this.histograms.length > 0) this.#slideHistograms(fromMs, toMs)
  }

  /**
   * Where floats of this series are less than the one before: counter resets. Found once a series,
   * so that overlapping windows do not search the same samples again.
   */
  resets(): readonly number[] {
    if (this.#resets === undefined) {
      this.#resets = []
      for (let i = 1; i < this.#size; i++) {
        if (this.values[i]! < this.values[i - 1]!) this.#resets.push(i)
      }
    }
    return this.#resets
  }

  #slideHistograms(fromMs: number, toMs: number): void {
    const times = this.histogramTimes
    let from = this.histogramFrom
    while (from < times.length && times[from]! <= fromMs) from++
    let to = Math.max(this.histogramTo, from)
    while (to < times.length && times[to]! <= toMs) to++
    this.histogramFrom = from
    this.histogramTo = to
  }

  #begin(labels: LabelSet): void {
    this.labels = labels
    this.startTimes = NO_TIMES
    this.#resets = undefined
    this.from = 0
    this.to = 0
    this.#size = 0
    this.histogramFrom = 0
    this.histogramTo = 0
    if (this.histograms.length === 0) return
    this.histogramTimes = []
    this.histograms = []
    this.histogramStartTimes = []
  }

  #reserve(size: number): void {
    if (this.#ownTimes.length >= size) return
    const length = Math.max(64, size, this.#ownTimes.length * 2)
    this.#ownTimes = new Float64Array(length)
    this.#ownValues = new Float64Array(length)
    this.#ownStarts = new Float64Array(length)
  }

  #float(time: number, value: number, start: number): void {
    const at = this.#size++
    this.#ownTimes[at] = time
    this.#ownValues[at] = value
    this.#ownStarts[at] = start
  }

  #histogram(time: number, histogram: NativeHistogram, start: number): void {
    this.histogramTimes.push(time)
    this.histograms.push(histogram)
    this.histogramStartTimes.push(start)
  }

  #finish(withStartTimes: boolean): void {
    this.times = this.#ownTimes
    this.values = this.#ownValues
    if (withStartTimes) this.startTimes = this.#ownStarts
    else this.histogramStartTimes = []
  }
}

/**
 * A subquery may skip samples or repeat them, so what their hints say of their neighbours does not
 * hold among its results.
 */
function withoutResetHint(histogram: NativeHistogram): NativeHistogram {
  const hint = histogram.counterResetHint
  if (hint === 'unknown' || hint === 'gauge') return histogram
  return { ...histogram, counterResetHint: 'unknown' }
}
