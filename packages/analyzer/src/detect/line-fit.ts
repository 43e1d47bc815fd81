/** A point in time: seconds, and a figure. */
export type Point = readonly [seconds: number, value: number]

/** A straight line through points, by least squares. */
export interface LineFit {
  /** Figure a second. */
  readonly slope: number
  /** 0 to 1: how much of the movement the line explains; 0 where nothing moves. */
  readonly rSquared: number
}

/** Fits a line; fewer than two points, or points at one instant, have slope 0 and explain nothing. */
export function fitLine(points: readonly Point[]): LineFit {
  const n = points.length
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n
  let xx = 0
  let xy = 0
  let yy = 0
  for (const [x, y] of points) {
    xx += (x - meanX) ** 2
    xy += (x - meanX) * (y - meanY)
    yy += (y - meanY) ** 2
  }
  if (n < 2 || xx === 0 || yy === 0) return { slope: 0, rSquared: 0 }
  return { slope: xy / xx, rSquared: xy ** 2 / (xx * yy) }
}
