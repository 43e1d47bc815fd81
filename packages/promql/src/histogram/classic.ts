/** A bucket of a classic histogram: everything at or below its bound. */
export interface ClassicBucket {
  readonly upperBound: number
  /** Cumulative. */
  count: number
}

/** A quantile, and what had to be mended to get it. */
export interface ClassicQuantile {
  readonly value: number
  /** Present when counts fell from one bucket to the next beyond rounding. */
  readonly forced:
    | {
        readonly leastBucket: number
        readonly greatestBucket: number
        readonly greatestDiff: number
      }
    | undefined
}

/** Counts that differ by less are the same but for rounding. */
const SMALL_DELTA = 1e-12

/** The quantile of a classic histogram by linear interpolation within a bucket. */
export function classicQuantile(
  quantile: number,
  unsorted: readonly ClassicBucket[],
): ClassicQuantile {
  const plain = (value: number): ClassicQuantile => ({ value, forced: undefined })
  if (Number.isNaN(quantile)) return plain(Number.NaN)
  if (quantile < 0) return plain(-Infinity)
  if (quantile > 1) return plain(Infinity)
  const buckets = coalesced(unsorted)
  if (buckets.at(-1)!.upperBound !== Infinity) return plain(Number.NaN)
  const forced = makeMonotonic(buckets)
  if (buckets.length < 2 || buckets.at(-1)!.count === 0) return { value: Number.NaN, forced }
  return { value: interpolate(quantile, buckets), forced }
}

function interpolate(quantile: number, buckets: readonly ClassicBucket[]): number {
  const last = buckets.length - 1
  let rank = quantile * buckets[last]!.count
  // Go's binary search finds the first bucket that reaches the rank.
  let low = 0
  let high = last
  while (low < high) {
    const middle = (low + high) >>> 1
    if (buckets[middle]!.count >= rank) high = middle
    else low = middle + 1
  }
  if (low === last) return buckets[last - 1]!.upperBound
  if (low === 0 && buckets[0]!.upperBound <= 0) return buckets[0]!.upperBound
  let start = 0
  let count = buckets[low]!.count
  if (low > 0) {
    start = buckets[low - 1]!.upperBound
    count -= buckets[low - 1]!.count
    rank -= buckets[low - 1]!.count
  }
  return start + (buckets[low]!.upperBound - start) * (rank / count)
}

/** The share of a classic histogram's observations between two values. */
export function classicFraction(
  lower: number,
  upper: number,
  unsorted: readonly ClassicBucket[],
): number {
  const buckets = coalesced(unsorted)
  const last = buckets.at(-1)!
  if (last.upperBound !== Infinity) return Number.NaN
  if (last.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN
  if (lower >= upper) return 0
  const below = (value: number) => Math.min(rankOf(buckets, value), last.count)
  return (below(upper) - below(lower)) / last.count
}

function rankOf(buckets: readonly ClassicBucket[], value: number): number {
  let rank = 0
  let lowerBound = buckets[0]!.upperBound <= 0 ? -Infinity : 0
  for (const { upperBound, count } of buckets) {
    if (lowerBound >= value) return rank
    if (upperBound > value) {
      if (lowerBound === -Infinity) return count
      return rank + ((count - rank) * (value - lowerBound)) / (upperBound - lowerBound)
    }
    rank = count
    lowerBound = upperBound
  }
  return buckets.at(-1)!.count
}

/** Ascending, one bucket a bound. */
function coalesced(unsorted: readonly ClassicBucket[]): ClassicBucket[] {
  const sorted = [...unsorted].sort((a, b) =>
    a.upperBound < b.upperBound ? -1 : a.upperBound > b.upperBound ? 1 : 0,
  )
  const buckets: ClassicBucket[] = []
  for (const bucket of sorted) {
    const last = buckets.at(-1)
    if (last?.upperBound === bucket.upperBound) last.count += bucket.count
    else buckets.push({ ...bucket })
  }
  return buckets
}

function makeMonotonic(buckets: ClassicBucket[]): ClassicQuantile['forced'] {
  let leastBucket = Infinity
  let greatestBucket = -Infinity
  let greatestDiff = 0
  let forced = false
  let previous = buckets[0]!.count
  for (const bucket of buckets.slice(1)) {
    const current = bucket.count
    if (current === previous) continue
    if (almostEqual(previous, current)) bucket.count = previous
    else if (current < previous) {
      bucket.count = previous
      forced = true
      leastBucket = Math.min(leastBucket, bucket.upperBound)
      greatestBucket = Math.max(greatestBucket, bucket.upperBound)
      greatestDiff = Math.max(greatestDiff, previous - current)
    } else previous = current
  }
  return forced ? { leastBucket, greatestBucket, greatestDiff } : undefined
}

const SMALLEST_NORMAL = 2 ** -1022

function almostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) && Number.isNaN(b)) return true
  if (a === b) return true
  const absolute = Math.abs(a) + Math.abs(b)
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || absolute < SMALLEST_NORMAL) {
    return difference < SMALL_DELTA * SMALLEST_NORMAL
  }
  return difference / Math.min(absolute, Number.MAX_VALUE) < SMALL_DELTA
}
