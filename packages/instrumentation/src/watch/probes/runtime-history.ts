import type {
  LoopDelays,
  RuntimeSample,
  SentRuntimeSample,
  SharedDelays,
} from '../../shared/runtime-sample.ts'
import { areShared, takeDelays } from '../../shared/take-delays.ts'

/** Ten minutes of samples; a reader that looks less often sees the newest ten minutes. */
const WINDOWS_MAX = 600

/**
 * The samples of the app thread's runtime, as they come in. Delays that are in a shared histogram stay there until a
 * reader wants them: to take them out is half a millisecond, which the app thread may be waiting for.
 */
export class RuntimeHistory {
  readonly #windows: LoopDelays[] = []
  #dropped = 0
  #latest: RuntimeSample | undefined
  #shared: SharedDelays | undefined

  /** The newest sample. */
  get latest(): RuntimeSample | undefined {
    return this.#latest
  }

  /** How many windows of delays there have been: a cursor for `since`. */
  get cursor(): number {
    return this.#dropped + this.#windows.length
  }

  add(sample: SentRuntimeSample): void {
    const { delays } = sample
    if (areShared(delays)) {
      this.#shared = delays
      this.#latest = { ...sample, delays: undefined }
    } else {
      this.#addWindow(delays)
      this.#latest = { ...sample, delays }
    }
  }

  /** The windows since a cursor was read, until now. */
  since(cursor: number): readonly LoopDelays[] {
    if (this.#shared !== undefined) this.#addWindow(takeDelays(this.#shared))
    return this.#windows.slice(Math.max(0, cursor - this.#dropped))
  }

  #addWindow(delays: LoopDelays | undefined): void {
    if (delays === undefined) return
    this.#windows.push(delays)
    if (this.#windows.length <= WINDOWS_MAX) return
    this.#windows.shift()
    this.#dropped++
  }
}
