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

const CALIBRATION_RECORDS = 20_000

/** Seconds that a bare record takes on this machine, in code that is compiled as in a busy app. */
export function calibrateRecord(nowMs: () => number): number {
  const writer = new SeriesWriter(createSharedMemory())
  const recorder = new HistogramRecorder(writer, recordedInstrument('request.time.split'))
  const slot = recorder.intern({ 'http.route': '/' })
  const round = (): number => {
    const startMs = nowMs()
    for (let index = 0; index < CALIBRATION_RECORDS; index++) recorder.record(slot, index / 1e6)
    return (nowMs() - startMs) / 1000 / CALIBRATION_RECORDS
  }
  // The best of some: the first ones run before V8 has compiled the loop, and any may be interrupted.
  return Math.min(round(), round(), round(), round(), round())
}

/**
 * The processor time that the instrumentation takes from the app's own threads. It is an estimate, from what they
 * have recorded: to measure each piece would cost more than the pieces.
 */
export class AppCost {
  readonly #calibrate: () => number
  #recordSeconds: number | undefined
  readonly #seen = new WeakMap<SeriesReader, number>()
  #seconds = 0

  /** @param calibrate gives the seconds of a bare record; asked at the first look, when the app has begun */
  constructor(calibrate: () => number) {
    this.#calibrate = calibrate
  }

  /** So far. */
  get seconds(): number {
    return this.#seconds
  }

  /** Takes in what the threads have recorded since the last look. */
  look(readers: Iterable<SeriesReader>): void {
    for (const reader of readers) {
      const count = reader.recordCount()
      const added = count - (this.#seen.get(reader) ?? 0)
      this.#seen.set(reader, count)
      this.#add(added * RECORDS_PER_MEASUREMENT)
    }
  }

  addSpans(count: number): void {
    this.#add(count * RECORDS_PER_SPAN)
  }

  addProfile(): void {
    this.#seconds += PROFILE_SECONDS
  }

  #add(records: number): void {
    if (records === 0) return
    this.#recordSeconds ??= this.#calibrate()
    this.#seconds += records * this.#recordSeconds
  }
}
