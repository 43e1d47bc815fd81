/** Work in steps: it yields where others may be let in. */
export type Steps<Result> = Generator<void, Result, void>

/**
 * How long works run between two looks at the network and the timers. What begins when a request arrives may take a
 * slice then and another right behind it, before anything else is looked at.
 */
const SLICE_MS = 5

/**
 * Runs works one after the other, in slices: a long one rests every few milliseconds, and those behind it wait, so
 * each finds what was before it whole and in the order of arrival. Works that come in the same turn of the event
 * loop share a slice: twenty short requests at once would hold up a query as one long request does.
 */
export class IngestOrder {
  readonly #waiting: (() => void)[] = []
  #working = false
  #sliceEndsMs = 0

  /** Resolves with what the work returns; short work is done before this returns. */
  async run<Result>(steps: Steps<Result>): Promise<Result> {
    if (this.#working || this.#isSliceOver()) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
        if (!this.#working) this.#wakeNext()
      })
    }
    this.#working = true
    try {
      for (;;) {
        const step = steps.next()
        if (step.done === true) return step.value
        if (this.#isSliceOver()) await nextLoopTurn()
      }
    } finally {
      this.#working = false
      this.#wakeNext()
    }
  }

  #wakeNext(): void {
    const next = this.#waiting.shift()
    if (next === undefined) return
    // It is its turn from now on, or what arrives until it runs would overtake it.
    this.#working = true
    if (this.#isSliceOver()) setImmediate(next)
    else next()
  }

  #isSliceOver(): boolean {
    const nowMs = performance.now()
    if (this.#sliceEndsMs === 0) {
      this.#sliceEndsMs = nowMs + SLICE_MS
      setImmediate(() => {
        this.#sliceEndsMs = 0
      })
    }
    return nowMs >= this.#sliceEndsMs
  }
}

function nextLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Does all steps at once. */
export function runAtOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
