import type { Aggregate } from '../ast.ts'
import { hashOffset } from '../label-hash.ts'
import { checkCount, checkRatio } from './aggregate-params.ts'
import { ABSENT, type Block, BlockBuilder, dropsName, emptyBlock, HISTOGRAM } from './block.ts'
import type { Groups } from './grouping.ts'
import type { Query } from './query.ts'

/** `topk`, `bottomk`, `limitk` and `limit_ratio`: some of the rows of each group, unchanged. */
export function selectRows(
  query: Query,
  expr: Aggregate,
  block: Block,
  groups: Groups,
  param: Float64Array,
): Block {
  const { op } = expr
  if (op === 'limit_ratio' ? !checkRatio(query, expr, param) : !checkCount(param)) {
    return emptyBlock(block.steps)
  }
  const kept = new Map<number, number>()
  const out = new BlockBuilder(block.steps, Math.min(block.rows, 1024))
  for (let step = 0; step < block.steps; step++) {
    query.checkTime()
    for (const row of rowsAt(query, expr, block, groups, step, param[step]!)) {
      let base = kept.get(row)
      if (base === undefined) {
        base = out.add(block.labels[row]!, dropsName(block, row))
        kept.set(row, base)
      }
      out.copy(base + step, block, row * block.steps + step)
    }
  }
  return out.build(block.distinct)
}

/** The rows kept at one step, group by group, in the order in which an instant query returns them. */
function rowsAt(
  query: Query,
  expr: Aggregate,
  block: Block,
  groups: Groups,
  step: number,
  param: number,
): number[] {
  if (expr.op === 'limit_ratio') return sampled(block, groups, step, param)
  const most = Math.min(Math.trunc(param), block.rows)
  if (most < 1) return []
  if (expr.op === 'limitk') return firstOf(block, groups, step, most)
  const members = membersAt(query, expr, block, groups, step)
  const sign = expr.op === 'topk' ? 1 : -1
  const valueAt = (row: number) => block.values[row * block.steps + step]!
  return members.flatMap((rows) => {
    const ranked = rows.sort((a, b) => rank(valueAt(a), valueAt(b), sign) || a - b)
    return ranked.slice(0, most)
  })
}

/** The rows with floats, by group. */
function membersAt(
  query: Query,
  expr: Aggregate,
  block: Block,
  groups: Groups,
  step: number,
): number[][] {
  const members: number[][] = []
  for (let row = 0; row < block.rows; row++) {
    const kind = block.kinds[row * block.steps + step]
    if (kind === ABSENT) continue
    if (kind === HISTOGRAM) {
      query.annotations.info(`ignored histogram in ${expr.op} aggregation`, expr.span)
      continue
    }
    const group = groups.ofRow[row]!
    members[group] ??= []
    members[group].push(row)
  }
  return members.filter((rows) => rows !== undefined)
}

/** Greater values first (or least, with sign -1); NaN after all others. */
function rank(a: number, b: number, sign: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b)) return -1
  if (a === b) return 0
  return a > b ? -sign : sign
}

function firstOf(block: Block, groups: Groups, step: number, most: number): number[] {
  const taken = new Int32Array(groups.count)
  const rows: number[][] = []
  for (let row = 0; row < block.rows; row++) {
    const group = groups.ofRow[row]!
    if (block.kinds[row * block.steps + step] === ABSENT || taken[group]! >= most) continue
    taken[group]!++
    rows[group] ??= []
    rows[group].push(row)
  }
  return rows.flat()
}

/** The rows whose hash falls into the ratio; a negative ratio keeps exactly the others. */
function sampled(block: Block, groups: Groups, step: number, param: number): number[] {
  const ratio = Math.max(-1, Math.min(1, param))
  const rows: number[][] = []
  if (ratio === 0) return []
  for (let row = 0; row < block.rows; row++) {
    if (block.kinds[row * block.steps + step] === ABSENT) continue
    const offset = hashOffset(block.labels[row]!)
    if (ratio >= 0 ? offset >= ratio : offset < 1 + ratio) continue
    const group = groups.ofRow[row]!
    rows[group] ??= []
    rows[group].push(row)
  }
  return rows.flat()
}
