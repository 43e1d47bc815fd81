/** At most so many profiles at once, and then one each so often: a profile holds the app up by about 15 ms. */
const BURST = 10
const REFILL_MS = 5_000

/** Tells whether another profile may be taken; `now` is monotonic, in ms. */
export function createProfileBudget(now: () => number): () => boolean {
  let left = BURST
  let refilledAtMs = now()
  return () => {
    const refill = Math.floor((now() - refilledAtMs) / REFILL_MS)
    left = Math.min(BURST, left + refill)
    refilledAtMs += refill * REFILL_MS
    if (left === 0) return false
    left--
    return true
  }
}
