import type { LoopDelays, RuntimeSample, SentRuntimeSample } from '../../shared/runtime-sample.ts'
import { withOwnDelays } from '../../shared/take-delays.ts'

/** Ten minutes of samples; a reader that looks less often sees the newest ten minutes. */
const WINDOWS_MAX = 600

/** The samples of the app thread's runtime, as they come in. */
export class RuntimeHistory {
  readonly #windows: LoopDelays[] = []
  #dropped = 0
  #latest: RuntimeSample | undefined

  /** The newest sample. */
  get latest(): RuntimeSample | undefined {
    return this.#latest
  }

  /** How many windows of delays there have been: a cursor for `since`. */
  get cursor(): number {
    return this.#dropped + this.#windows.length
  }

  /** Takes a sample as it comes from its thread. */
  receive(sample: SentRuntimeSample): void {
    this.add(withOwnDelays(sample))
  }

  add(sample: RuntimeSample): void {
    this.#latest = sample
    if (sample.delays === undefined) return
    this.#windows.push(sample.delays)
    if (this.#windows.length <= WINDOWS_MAX) return
    this.#windows.shift()
    this.#dropped++
  }

  /** The windows that have come in since a cursor was read. */
  since(cursor: number): readonly LoopDelays[] {
    return this.#windows.slice(Math.max(0, cursor - this.#dropped))
  }
}
