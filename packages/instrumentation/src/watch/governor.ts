/** What the instrumentation has used so far. */
export interface Usage {
  /** Processor time of the watch thread and, as estimated, of the app's threads. */
  readonly cpuSeconds: number
  /** Memory of the watch thread now. */
  readonly bytes: number
}

export interface GovernorOptions {
  /** The part of one processor that may be used. */
  readonly cpuShareMax: number
  /** The memory of the watch thread that may be used. */
  readonly bytesMax: number
  readonly setLevel: (level: number) => void
  /** Told of each step, with what was used in the window before it. */
  readonly onStep: (level: number, share: number, bytes: number) => void
  /** Shorter times are for tests. */
  readonly windowMs?: number
  readonly warmUpMs?: number
}

/** What is given up: most child counts, then spans, then profiles. */
const LEVEL_MAX = 3
const WINDOW_MS = 5_000
/** Loading and compiling our own code is over by then. */
const WARM_UP_MS = 15_000
/** One bad moment lies in two windows at most. */
const WINDOWS_OVER = 3
const WINDOWS_UNDER = 12

/** To come back needs so little, that what was given up does not put it over the budget again at once. */
const LOW_CPU = 0.5
const LOW_MEMORY = 0.75

/**
 * Keeps the instrumentation within its budgets of processor time and memory. It steps down after fifteen seconds
 * over one of them, and up only after a minute well below both, so that it does not swing.
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

  /** What may be done now: 0 everything, 1 child counts of one request in ten, 2 no spans, 3 no profiles. */
  get level(): number {
    return this.#level
  }

  /** Looks at what has been used, by the monotonic clock. Called every second or so. */
  look(atMs: number, { cpuSeconds, bytes }: Usage): void {
    const { windowMs = WINDOW_MS, warmUpMs = WARM_UP_MS } = this.#options
    this.#startedAtMs ??= atMs
    if (atMs - this.#startedAtMs < warmUpMs) return
    this.#windowStart ??= { atMs, cpuSeconds }
    const elapsedMs = atMs - this.#windowStart.atMs
    if (elapsedMs < windowMs) return
    const share = ((cpuSeconds - this.#windowStart.cpuSeconds) * 1000) / elapsedMs
    this.#windowStart = { atMs, cpuSeconds }
    this.#judge(share, bytes)
  }

  #judge(share: number, bytes: number): void {
    const { cpuShareMax, bytesMax } = this.#options
    const isOver = share > cpuShareMax || bytes > bytesMax
    const isLow = share < cpuShareMax * LOW_CPU && bytes < bytesMax * LOW_MEMORY
    this.#over = isOver ? this.#over + 1 : 0
    this.#under = isLow ? this.#under + 1 : 0
    if (this.#over >= WINDOWS_OVER && this.#level < LEVEL_MAX) this.#step(1, share, bytes)
    else if (this.#under >= WINDOWS_UNDER && this.#level > 0) this.#step(-1, share, bytes)
  }

  #step(by: 1 | -1, share: number, bytes: number): void {
    this.#level += by
    this.#over = 0
    this.#under = 0
    this.#options.setLevel(this.#level)
    this.#options.onStep(this.#level, share, bytes)
  }
}
