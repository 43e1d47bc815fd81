/** Parallel arrays of a series' floats. */
export interface Floats {
  readonly times: Float64Array
  readonly values: Float64Array
}

/**
 * The samples of an `anchored` or `smoothed` range: those within it, and one at each of its bounds,
 * taken from the neighbours outside (anchored) or between them (smoothed).
 */
export function extendToBounds(
  floats: Floats,
  fromMs: number,
  toMs: number,
  extended: 'anchored' | 'smoothed',
): Floats {
  const { times, values } = floats
  const smoothed = extended === 'smoothed'
  if (times.length === 0) return floats
  let first = 0
  while (first < times.length - 1 && times[first]! <= fromMs) first++
  first = Math.max(0, first - 1)
  let last = times.length - 1
  if (smoothed) {
    last = 0
    while (last < times.length - 1 && times[last]! < toMs) last++
  }
  if (times[last]! <= fromMs) return { times: new Float64Array(0), values: new Float64Array(0) }
  const between = (index: number, timeMs: number) => {
    const share = (timeMs - times[index]!) / (times[index + 1]! - times[index]!)
    return values[index]! + (values[index + 1]! - values[index]!) * share
  }
  const left = smoothed && times[first]! < fromMs ? between(first, fromMs) : values[first]!
  const right =
    smoothed && last > 0 && times[last]! > toMs ? between(last - 1, toMs) : values[last]!
  const from = times[first]! <= fromMs ? first + 1 : first
  const to = times[last]! >= toMs ? last : last + 1
  return {
    times: Float64Array.from([fromMs, ...times.subarray(from, Math.max(from, to)), toMs]),
    values: Float64Array.from([left, ...values.subarray(from, Math.max(from, to)), right]),
  }
}
