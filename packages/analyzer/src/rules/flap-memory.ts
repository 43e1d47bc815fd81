// An alert that changes six times within an hour tells more of its threshold than of the service; it is
// steady again when fewer than three changes are left in that hour.
const WINDOW_MS = 3_600_000
const FLAPPING_FROM = 6
const STEADY_BELOW = 3
const ALERTS_MAX = 10_000

interface Changes {
  times: number[]
  flapping: boolean
}

/** Remembers how often alerts fire and resolve, and says which of them flap. */
export class FlapMemory {
  readonly #changes = new Map<string, Changes>()

  /** Notes that an alert fired or resolved, and says whether it flaps. */
  note(id: string, nowMs: number): boolean {
    const changes = this.#changes.get(id) ?? { times: [], flapping: false }
    changes.times.push(nowMs)
    // What changed last is kept longest.
    this.#changes.delete(id)
    this.#changes.set(id, changes)
    if (this.#changes.size > ALERTS_MAX) {
      this.#changes.delete(this.#changes.keys().next().value as string)
    }
    return this.isFlapping(id, nowMs)
  }

  isFlapping(id: string, nowMs: number): boolean {
    const changes = this.#changes.get(id)
    if (changes === undefined) return false
    changes.times = changes.times.filter((time) => nowMs - time < WINDOW_MS)
    if (changes.times.length >= FLAPPING_FROM) changes.flapping = true
    else if (changes.times.length < STEADY_BELOW) changes.flapping = false
    return changes.flapping
  }
}
