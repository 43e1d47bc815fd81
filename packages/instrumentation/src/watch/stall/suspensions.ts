/** Time in which the whole process was stopped, and when this was noticed. */
interface Suspension {
  readonly atMs: number
  readonly ms: number
}

/**
 * So old may the last reading of this thread's own time be when a look comes late: each takes a read of a file, and
 * a look takes nothing else. What the thread has used since is taken for time in which it was not stopped.
 */
const AWAKE_READ_MS = 1000
/** The app's word on a gap comes moments after its end. */
const REMEMBERED_MAX = 16

/** Knows when the whole process was stopped, from how late this thread's own looks come. */
export class Suspensions {
  readonly #tickMs: number
  readonly #awakeMs: () => number
  #lastLookMs: number
  #lastAwakeMs: number
  #awakeReadMs: number
  /** The newest first. */
  #remembered: readonly Suspension[] = []

  /**
   * @param tickMs looks come so often, or oftener
   * @param awakeMs how long the calling thread has run or waited for a processor, in ms; 0 where nobody tells
   */
  constructor(tickMs: number, awakeMs: () => number, nowMs: number) {
    this.#tickMs = tickMs
    this.#awakeMs = awakeMs
    this.#lastLookMs = nowMs
    this.#lastAwakeMs = awakeMs()
    this.#awakeReadMs = nowMs
  }

  /**
   * To be called at each look. Time in which this thread neither ran nor waited to run is time in which the process
   * was stopped. Gives the time since the last look in which it was not, in ms.
   */
  look(nowMs: number): number {
    const elapsedMs = nowMs - this.#lastLookMs
    this.#lastLookMs = nowMs
    const isLate = elapsedMs >= 2 * this.#tickMs
    if (!isLate && nowMs - this.#awakeReadMs < AWAKE_READ_MS) return elapsedMs
    const awakeMs = this.#awakeMs()
    const ms = elapsedMs - this.#tickMs - (awakeMs - this.#lastAwakeMs)
    this.#lastAwakeMs = awakeMs
    this.#awakeReadMs = nowMs
    // Timers are always some milliseconds late.
    if (!isLate || ms < this.#tickMs) return elapsedMs
    this.#remembered = [{ atMs: nowMs, ms }, ...this.#remembered].slice(0, REMEMBERED_MAX)
    return elapsedMs - ms
  }

  /** How long the process was stopped between the two, in ms. */
  between(sinceMs: number, untilMs: number): number {
    return this.#remembered
      .filter(({ atMs }) => atMs > sinceMs && atMs - this.#tickMs < untilMs + this.#tickMs)
      .reduce((sum, { ms }) => sum + ms, 0)
  }
}
