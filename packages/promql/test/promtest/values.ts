import { histogramSequence, type NativeHistogram, parseHistogram } from '@chokepoint/promql'
import { parseSigned } from '../../src/histogram/notation.ts'

/** One element of a sequence of values in a script. */
export type SequenceValue =
  | { readonly kind: 'omitted' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'histogram'; readonly histogram: NativeHistogram; readonly hintSet: boolean }

const ITEM = /\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x\d+)?|\S+/g
const HISTOGRAM = /^\{\{(.*?)\}\}(?:([+-])\{\{(.*?)\}\})?(?:x(\d+))?$/
const NUMBER = String.raw`(?:(?:\d+(?:ms|[smhdwy]))+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|nan)`
const FLOAT = new RegExp(`^([+-]?${NUMBER}|stale|_)(?:([+-]${NUMBER})?x(\\d+))?$`, 'i')

/** Reads `1 2+3x4 _ stale {{count:5}}`. */
export function parseSequence(text: string): SequenceValue[] {
  return [...text.matchAll(ITEM)].flatMap(([item]) => parseItem(item))
}

function parseItem(item: string): SequenceValue[] {
  const histogram = HISTOGRAM.exec(item)
  if (histogram) return parseHistograms(histogram)
  const match = FLOAT.exec(item)
  if (match === null) throw new SyntaxError(`bad series value ${JSON.stringify(item)}`)
  const [, first, increment, times] = match
  if (first === '_') return Array(Number(times ?? 1)).fill({ kind: 'omitted' })
  const count = Number(times ?? 0) + 1
  if (first!.toLowerCase() === 'stale') return Array(count).fill({ kind: 'stale' })
  let value = parseSigned(first!)
  return Array.from({ length: count }, (_, i) => {
    if (i > 0 && increment !== undefined) value += parseSigned(increment)
    return { kind: 'float', value }
  })
}

function parseHistograms(match: RegExpExecArray): SequenceValue[] {
  const [, first, sign, step, times] = match
  const base = parseHistogram(first!)
  const hintSet = /counter_reset_hint/.test(step ?? first!)
  const count = Number(times ?? 0) + 1
  const increment =
    step === undefined ? undefined : { sign: sign as '+' | '-', histogram: parseHistogram(step) }
  return histogramSequence(base, count - 1, increment).map((histogram) => ({
    kind: 'histogram',
    histogram,
    hintSet,
  }))
}
