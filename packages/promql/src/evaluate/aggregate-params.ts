import type { Aggregate } from '../ast.ts'
import { executionError } from '../errors.ts'
import { formatG } from '../go-format.ts'
import { checkQuantile } from './annotations.ts'
import type { Query } from './query.ts'

const INT64_LIMIT = 2 ** 63

/** Notes quantiles outside [0, 1]: the greatest, the least, and NaN. */
export function checkQuantileRange(query: Query, expr: Aggregate, param: Float64Array): void {
  const span = expr.param!.span
  if (param.some(Number.isNaN)) checkQuantile(query.annotations, Number.NaN, span)
  const { least, greatest } = extent(param)
  if (greatest > 1) checkQuantile(query.annotations, greatest, span)
  if (least < 0) checkQuantile(query.annotations, least, span)
}

/** Checks k of topk, bottomk and limitk; false when there can be no result. */
export function checkCount(param: Float64Array): boolean {
  if (param.some(Number.isNaN)) throw executionError('Parameter value is NaN')
  const { least, greatest } = extent(param)
  if (greatest < 1) return false
  if (least <= -INT64_LIMIT) {
    throw executionError(`Scalar value ${formatG(least)} underflows int64`)
  }
  if (greatest >= INT64_LIMIT) {
    throw executionError(`Scalar value ${formatG(greatest)} overflows int64`)
  }
  return true
}

/** Checks the ratio of limit_ratio; false when there can be no result. */
export function checkRatio(query: Query, expr: Aggregate, param: Float64Array): boolean {
  if (param.some(Number.isNaN)) throw executionError('Ratio value is NaN')
  const { least, greatest } = extent(param)
  if (greatest === 0 && least === 0) return false
  const note = (ratio: number, cap: number) =>
    query.annotations.warn(
      `ratio value should be between -1 and 1, got ${formatG(ratio)}, capping to ${cap}`,
      expr.param!.span,
    )
  if (greatest > 1) note(greatest, 1)
  if (least < -1) note(least, -1)
  return true
}

/** The least and greatest, NaN left out. */
function extent(values: Float64Array): { least: number; greatest: number } {
  let least = Infinity
  let greatest = -Infinity
  for (const value of values) {
    if (value < least) least = value
    if (value > greatest) greatest = value
  }
  return { least, greatest }
}
