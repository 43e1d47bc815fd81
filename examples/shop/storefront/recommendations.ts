interface Good {
  readonly id: number
  readonly name: string
  readonly likes: number
}

const GOODS: readonly Good[] = Array.from({ length: 2_000 }, (_, id) => ({
  id,
  name: `Product ${id}`,
  likes: (id * 7919) % 2003,
}))

/** Ranks the goods anew, on the thread that also answers requests: the fault `block-loop`. */
export function rebuildRecommendations(durationMs: number): number {
  const end = performance.now() + durationMs
  let bytes = 0
  while (performance.now() < end) {
    const ranked: Good[] = JSON.parse(JSON.stringify(GOODS))
    bytes += JSON.stringify(ranked.sort(byLikes)).length
  }
  return bytes
}

function byLikes(one: Good, other: Good): number {
  return other.likes - one.likes
}
