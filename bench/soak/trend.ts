/** A straight line through measurements, by least squares. */
export interface Trend {
  /** Change of the value per unit of time. */
  readonly slope: number
  /** Standard error of the slope: about two of it on each side hold the true one in 19 of 20 cases. */
  readonly error: number
}

/** The trend of values over time; undefined for fewer than three. */
export function trendOf(times: readonly number[], values: readonly number[]): Trend | undefined {
  const count = times.length
  if (count < 3) return undefined
  const meanTime = mean(times)
  const meanValue = mean(values)
  let squares = 0
  let products = 0
  for (const [index, time] of times.entries()) {
    squares += (time - meanTime) ** 2
    products += (time - meanTime) * (values[index]! - meanValue)
  }
  const slope = products / squares
  let rest = 0
  for (const [index, time] of times.entries()) {
    rest += (values[index]! - meanValue - slope * (time - meanTime)) ** 2
  }
  return { slope, error: Math.sqrt(rest / (count - 2) / squares) }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
