export interface GovernorOptions {
  /** The part of one processor that may be used. */
  readonly cpuShareMax: number
  readonly setLevel: (level: number) => void
  readonly onStep: (level: number, share: number) => void
}

/** What is given up first: child counts, then spans, then profiles. */
const LEVEL_MAX = 3
const WINDOW_MS = 5_000
/** Loading and compiling our own code is over by then. */
const WARM_UP_MS = 15_000
/** One bad moment lies in two windows at most. */
const WINDOWS_OVER = 3
const WINDOWS_UNDER = 12

/**
 * Keeps the instrumentation within its budget of processor time. It steps down after fifteen seconds over
 * the budget, and up only after a minute below half of it, so that it does not swing.
 */
export class Governor {
  readonly #options: GovernorOptions
  #level = 0
  #over = 0
  #under = 0
  #windowStart: { readonly atMs: number; readonly cpuSeconds: number } | undefined
  #startedAtMs: number | undefined

  constructor(options: GovernorOptions) {
    this.#options = options
  }

  /** Looks at the processor time used so far, by the monotonic clock. Called every second or so. */
  look(atMs: number, cpuSeconds: number): void {
    this.#startedAtMs ??= atMs
    if (atMs - this.#startedAtMs < WARM_UP_MS) return
    this.#windowStart ??= { atMs, cpuSeconds }
    const elapsedMs = atMs - this.#windowStart.atMs
    if (elapsedMs < WINDOW_MS) return
    const share = ((cpuSeconds - this.#windowStart.cpuSeconds) * 1000) / elapsedMs
    this.#windowStart = { atMs, cpuSeconds }
    this.#judge(share)
  }

  #judge(share: number): void {
    const { cpuShareMax } = this.#options
    this.#over = share > cpuShareMax ? this.#over + 1 : 0
    this.#under = share < cpuShareMax / 2 ? this.#under + 1 : 0
    if (this.#over >= WINDOWS_OVER && this.#level < LEVEL_MAX) this.#step(1, share)
    else if (this.#under >= WINDOWS_UNDER && this.#level > 0) this.#step(-1, share)
  }

  #step(by: 1 | -1, share: number): void {
    this.#level += by
    this.#over = 0
    this.#under = 0
    this.#options.setLevel(this.#level)
    this.#options.onStep(this.#level, share)
  }
}
