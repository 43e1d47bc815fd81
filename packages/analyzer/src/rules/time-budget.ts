/** How much may be spent ahead: a burst of cheap work is done at once. */
const AHEAD_MS = 250

/** A part of the time, spent as work comes and earned back as time passes. */
export class TimeBudget {
  readonly #share: number
  #spentMs = 0
  #sinceMs = 0

  /** `share` is the part that may be spent in the long run, 0 to 1. */
  constructor(share: number) {
    this.#share = share
  }

  hasRoom(nowMs: number): boolean {
    // A clock that was set back earns nothing until it is where it was.
    const passedMs = Math.max(0, nowMs - this.#sinceMs)
    this.#spentMs = Math.max(0, this.#spentMs - passedMs * this.#share)
    this.#sinceMs = Math.max(this.#sinceMs, nowMs)
    return this.#spentMs < AHEAD_MS
  }

  spend(tookMs: number): void {
    this.#spentMs += tookMs
  }
}
