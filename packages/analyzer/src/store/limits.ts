/** The limits that the store keeps, by the names of the table of limits. */
export interface StoreLimits {
  readonly pointsPerRequestMax: number
  readonly bucketsMax: number
  readonly labelsMax: number
  readonly labelNameLengthMax: number
  readonly labelValueLengthMax: number
  readonly tenantsMax: number
  readonly seriesMax: number
  readonly seriesPerMetricMax: number
  readonly memoryBytesMax: number
  readonly logBytesMax: number
}

/** A wall clock takes samples this far ahead of it: clocks of healthy hosts differ by less. */
export const FUTURE_MS_MAX = 10 * 60_000

/** A wall clock takes samples this far behind the newest of their series: a Collector's retries. */
export const OUT_OF_ORDER_MS_MAX = 30 * 60_000
