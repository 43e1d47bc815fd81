import { IngestTally } from './rejections.ts'
import type { SampleWriter } from './sample-writer.ts'
import type { SeriesMaker } from './series-maker.ts'
import type { StreamIndex } from './stream-index.ts'

type Pairs = readonly (readonly [string, string])[]

// As often as senders report.
const INTERVAL_MS = 10_000

const COUNTER = 'chokepoint_store_refused_points_total'
const GAUGE = 'chokepoint_store_label_values'
const HELP = {
  [COUNTER]: 'Points whose series a limit refused, by what fills the limit.',
  [GAUGE]: 'Values of the label that has the most, of a metric at a limit.',
} as const

/** Keeps as series which others the limits refused, and by which label: rules and detectors read them like all else. */
export class RefusalRecorder {
  readonly #index: StreamIndex
  readonly #maker: SeriesMaker
  readonly #writer: SampleWriter
  readonly #column: () => number
  /** The label that each counter began with. */
  readonly #labels = new Map<string, string>()
  #recordedMs = Number.NEGATIVE_INFINITY

  /** `column` gives the times that the store's own series share. */
  constructor(index: StreamIndex, maker: SeriesMaker, writer: SampleWriter, column: () => number) {
    this.#index = index
    this.#maker = maker
    this.#writer = writer
    this.#column = column
  }

  /** Adds a sample of each, unless it did so a moment ago. */
  record(nowMs: number): void {
    const { refused } = this.#maker
    if (refused.size === 0 || nowMs - this.#recordedMs < INTERVAL_MS) return
    this.#recordedMs = nowMs
    for (const { metric, job, reason, label, values, points } of refused.rows()) {
      const about: Pairs = [
        ['metric', metric],
        ['job', job],
      ]
      const key = `${metric} ${job} ${reason}`
      // The label may turn out to be another; the count belongs to the one that it began with.
      const first = this.#labels.get(key)
      const counted: Pairs = [...about, ['label', first ?? label], ['reason', reason]]
      if (first === undefined) {
        this.#labels.set(key, label)
        // An increase is from one sample to the next, so there is one before the first.
        this.#add(COUNTER, counted, nowMs - 1, 0)
      }
      this.#add(COUNTER, counted, nowMs, points)
      this.#add(GAUGE, [...about, ['label', label]], nowMs, values)
    }
  }

  #add(name: keyof typeof HELP, labels: Pairs, timeMs: number, value: number): void {
    const type = name === COUNTER ? 'counter' : 'gauge'
    const family = this.#index.families.of(name, 'number', () => ({
      type,
      help: HELP[name],
      unit: '',
    }))
    const id = this.#maker.ownStream(family, labels, this.#column())
    this.#writer.addNumber(id, timeMs, 0, value, false, new IngestTally())
  }
}
