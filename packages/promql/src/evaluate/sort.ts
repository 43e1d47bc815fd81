import type { Call } from '../ast.ts'
import { compareLabelSets, type LabelSet } from '../label-set.ts'
import { stringArgument } from './arguments.ts'
import { type Block, BlockBuilder, dropsName, FLOAT } from './block.ts'

/** `sort` and `sort_desc` of an instant query: floats by value, NaN last. */
export function sortByValue(block: Block, descending: boolean): Block {
  const rows = rowsOf(block).filter((row) => block.kinds[row * block.steps] === FLOAT)
  const value = (row: number) => block.values[row * block.steps]!
  rows.sort((a, b) => {
    const [x, y] = [value(a), value(b)]
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
    return descending ? y - x : x - y
  })
  return reordered(block, rows)
}

/** `sort_by_label` and `sort_by_label_desc`: numbers within labels compare as numbers. */
export function sortByLabel(block: Block, call: Call, descending: boolean): Block {
  const names = call.args.slice(1).map((_, index) => stringArgument(call, index + 1))
  const compare = (a: LabelSet, b: LabelSet): number => {
    for (const name of names) {
      const [x, y] = [a.get(name), b.get(name)]
      if (x !== y) return compareNaturally(x, y)
    }
    return compareLabelSets(a, b)
  }
  const sign = descending ? -1 : 1
  const rows = rowsOf(block)
  rows.sort((a, b) => sign * compare(block.labels[a]!, block.labels[b]!))
  return reordered(block, rows)
}

function rowsOf(block: Block): number[] {
  return Array.from({ length: block.rows }, (_, row) => row)
}

function reordered(block: Block, rows: readonly number[]): Block {
  const out = new BlockBuilder(block.steps, rows.length)
  for (const row of rows) {
    const base = out.add(block.labels[row]!, dropsName(block, row))
    for (let step = 0; step < block.steps; step++) {
      const cell = row * block.steps + step
      if (block.kinds[cell] !== 0) out.copy(base + step, block, cell)
    }
  }
  return out.build(block.distinct)
}

const CHUNK = /(\d+|\D+)/g

function compareNaturally(a: string, b: string): number {
  const left = a.match(CHUNK) ?? []
  const right = b.match(CHUNK) ?? []
  for (let i = 0; i < left.length; i++) {
    const [x, y] = [left[i]!, right[i]]
    if (y === undefined) return 1
    if (x === y) continue
    const [m, n] = [Number(x), Number(y)]
    if (/^\d/.test(x) && /^\d/.test(y) && m !== n) return m - n
    return x < y ? -1 : 1
  }
  return left.length - right.length
}
