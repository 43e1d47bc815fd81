import { HistogramRecorder } from '../shared/histogram-recorder.ts'
import { createSharedMemory } from '../shared/memory-layout.ts'
import { recordedInstrument } from '../shared/recorded-instruments.ts'
import type { SeriesReader } from '../shared/series-reader.ts'
import { SeriesWriter } from '../shared/series-writer.ts'

/**
 * What the app's threads spend for one measurement, in bare records: seeing the request, its context, its clocks.
 * `bench/overhead` has 4 microseconds for a request to `/plain`, which makes four records; a bare record takes
 * some 16 ns there.
 */
const RECORDS_PER_MEASUREMENT = 60
/** A span that is kept, its making and its encoding, in bare records. */
const RECORDS_PER_SPAN = 600
/** By which a profile of a stall holds the app up. */
const PROFILE_SECONDS = 0.02

const CALIBRATION_RECORDS = 2_000
const CALIBRATION_ROUNDS = 5
/** V8 compiles beside, which on a busy machine takes seconds: until then a record takes ten times as long. */
const CALIBRATED_LOOKS = 10

/** Gives each time it is asked the seconds that a bare record takes on this machine; takes memory from the first on. */
export function recordCalibration(nowMs: () => number): () => number {
  let record: ((value: number) => void) | undefined
  const round = (): number => {
    record ??= bareRecord()
    const startMs = nowMs()
    for (let index = 0; index < CALIBRATION_RECORDS; index++) record(index / 1e6)
    return (nowMs() - startMs) / 1000 / CALIBRATION_RECORDS
  }
  // The best of some, for any may be interrupted.
  return () => Math.min(...Array.from({ length: CALIBRATION_ROUNDS }, round))
}

function bareRecord(): (value: number) => void {
  const writer = new SeriesWriter(createSharedMemory())
  const recorder = new HistogramRecorder(writer, recordedInstrument('request.time.split'))
  const slot = recorder.intern({ 'http.route': '/' })
  return (value) => recorder.record(slot, value)
}

/**
 * The processor time that the instrumentation takes from the app's own threads. It is an estimate, from what they
 * have recorded: to measure each piece would cost more than the pieces.
 */
export class AppCost {
  /** Undefined when it has been asked often enough: it holds memory. */
  #calibrate: (() => number) | undefined
  #recordSeconds = Number.POSITIVE_INFINITY
  #calibrations = 0
  readonly #seen = new WeakMap<SeriesReader, number>()
  #seconds = 0

  /** @param calibrate gives the seconds of a bare record; asked at the first looks that find records, the best counts */
  constructor(calibrate: () => number) {
    this.#calibrate = calibrate
  }

  /** So far. */
  get seconds(): number {
    return this.#seconds
  }

  /** Takes in what the threads have recorded since the last look. */
  look(readers: Iterable<SeriesReader>): void {
    let added = 0
    for (const reader of readers) {
      const count = reader.recordCount()
      added += count - (this.#seen.get(reader) ?? 0)
      this.#seen.set(reader, count)
    }
    if (added > 0) this.#calibrateAgain()
    this.#add(added * RECORDS_PER_MEASUREMENT)
  }

  addSpans(count: number): void {
    this.#add(count * RECORDS_PER_SPAN)
  }

  addProfile(): void {
    this.#seconds += PROFILE_SECONDS
  }

  #add(records: number): void {
    if (records === 0) return
    if (this.#calibrations === 0) this.#calibrateAgain()
    this.#seconds += records * this.#recordSeconds
  }

  #calibrateAgain(): void {
    if (this.#calibrate === undefined) return
    this.#recordSeconds = Math.min(this.#recordSeconds, this.#calibrate())
    this.#calibrations++
    if (this.#calibrations === CALIBRATED_LOOKS) this.#calibrate = undefined
  }
}
