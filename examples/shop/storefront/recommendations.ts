const RATINGS = Float64Array.from({ length: 4096 }, (_, n) => Math.sin(n * 12.9898) * 43758.5453)

/** Ranks the goods by likeness, on the thread that also answers requests: the fault `block-loop`. */
export function rebuildRecommendations(durationMs: number): number {
  const end = performance.now() + durationMs
  let best = 0
  for (let round = 1; performance.now() < end; round++) {
    for (let n = 0; n < RATINGS.length; n++) {
      const likeness = Math.abs(RATINGS[n]! * RATINGS[(n * round) % RATINGS.length]!) % 1
      if (likeness > best) best = likeness
    }
  }
  return best
}
