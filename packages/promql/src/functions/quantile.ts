/** The quantile of values by linear interpolation between the two nearest ranks. Sorts them in place. */
export function quantileOf(quantile: number, values: Float64Array): number {
  const length = values.length
  if (length === 0 || Number.isNaN(quantile)) return Number.NaN
  if (quantile < 0) return -Infinity
  if (quantile > 1) return Infinity
  sortNaNFirst(values)
  const rank = quantile * (length - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(length - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  return values[lower]! * (1 - weight) + values[upper]! * weight
}

/** Typed arrays sort NaN last; Prometheus ranks it below everything. */
function sortNaNFirst(values: Float64Array): void {
  values.sort()
  let firstNaN = values.length
  while (firstNaN > 0 && Number.isNaN(values[firstNaN - 1]!)) firstNaN--
  const nans = values.length - firstNaN
  if (nans === 0 || firstNaN === 0) return
  values.copyWithin(nans, 0, firstNaN)
  values.fill(Number.NaN, 0, nans)
}
