/** The word of `words` that `word` was most likely meant to be; undefined when none is close. */
export function nearestWord(word: string, words: Iterable<string>): string | undefined {
  // A third of the letters may be wrong; more would suggest words that were never meant.
  const distanceMax = Math.max(1, Math.floor(word.length / 3))
  let nearest: string | undefined
  let nearestDistance = distanceMax + 1
  for (const candidate of words) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), nearestDistance)
    if (distance < nearestDistance) {
      nearest = candidate
      nearestDistance = distance
    }
  }
  return nearest
}

/** Letters to insert, delete or replace (Levenshtein); `limit` when it is that many or more. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(
        Math.min(substituted, (previous[j] as number) + 1, (current[j - 1] as number) + 1),
      )
    }
    previous = current
  }
  return Math.min(previous[b.length] as number, limit)
}
