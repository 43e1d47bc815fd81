import { HistogramRecorder } from '../shared/histogram-recorder.ts'
import { recordedInstrument } from '../shared/recorded-instruments.ts'
import type { SeriesAttributes, SeriesWriter } from '../shared/series-writer.ts'

/** Keys whose places are kept; the attributes of a further one are interned each time, and end in the overflow. */
const KEYS_MAX = 500

/** A histogram in shared memory whose attribute sets are found again by a short key. */
export class KeyedHistogram {
  readonly #recorder: HistogramRecorder
  readonly #places = new Map<string, number>()

  /** @param instrument a row of the metric table that is recorded in shared memory */
  constructor(writer: SeriesWriter, instrument: string) {
    this.#recorder = new HistogramRecorder(writer, recordedInstrument(instrument))
  }

  /** Records a duration; `attributes` is asked only for a key that is new. */
  record(key: string, durationMs: number, attributes: () => SeriesAttributes): void {
    let place = this.#places.get(key)
    if (place === undefined) {
      place = this.#recorder.intern(attributes())
      if (this.#places.size < KEYS_MAX) this.#places.set(key, place)
    }
    this.#recorder.record(place, durationMs / 1000)
  }
}
