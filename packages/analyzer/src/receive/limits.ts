/** The limits that receivers keep, by the names of the table of limits. */
export interface ReceiveLimits {
  readonly bodyBytesMax: number
  readonly inflatedBytesMax: number
  readonly inflateRatioMax: number
  readonly requestsInFlightMax: number
  readonly requestMs: number
}
