import {
  type CounterResetHint,
  CUSTOM_BUCKETS_SCHEMA,
  type HistogramBuckets,
  type NativeHistogram,
} from '@chokepoint/promql'
import { FloatHistogram } from '../../src/histogram/float-histogram.ts'
import { parseNumber } from '../../src/parse/literals.ts'

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

/** A number with a sign; durations count as seconds. */
export function parseSigned(text: string): number {
  const parsed = parseNumber(text.replace(/^[+-]/, ''))
  if (parsed === undefined) throw new SyntaxError(`bad number ${JSON.stringify(text)}`)
  return text.startsWith('-') ? -parsed.value : parsed.value
}

function parseHistograms(match: RegExpExecArray): SequenceValue[] {
  const [, first, sign, step, times] = match
  const base = parseHistogram(first!)
  const hintSet = /counter_reset_hint/.test(step ?? first!)
  const count = Number(times ?? 0) + 1
  const increment = step === undefined ? undefined : parseHistogram(step)
  let current: NativeHistogram = base
  return Array.from({ length: count }, (_, i) => {
    if (i > 0 && increment !== undefined) {
      const next = new FloatHistogram(current)
      if (sign === '+') next.add(increment)
      else next.subtract(increment)
      current = next
    }
    return { kind: 'histogram', histogram: current, hintSet }
  })
}

/** Reads the inside of `{{schema:1 count:2 buckets:[1 1]}}`. */
export function parseHistogram(text: string): NativeHistogram {
  const fields = new Map<string, string>()
  for (const [, name, value] of text.matchAll(/(\w+):(\[[^\]]*\]|\S+)/g)) {
    fields.set(name!.toLowerCase(), value!)
  }
  const number = (name: string) => {
    const value = fields.get(name)
    return value === undefined ? 0 : parseSigned(value)
  }
  const numbers = (name: string) =>
    (fields.get(name) ?? '[]').slice(1, -1).trim().split(/\s+/).filter(Boolean).map(parseSigned)
  const buckets = (name: string, offset: string): HistogramBuckets => ({
    offset: number(offset),
    counts: Float64Array.from(numbers(name)),
  })
  const schema = number('schema')
  const custom = schema === CUSTOM_BUCKETS_SCHEMA
  return {
    schema,
    zeroThreshold: number('z_bucket_w'),
    zeroCount: number('z_bucket'),
    count: number('count'),
    sum: number('sum'),
    positive: buckets('buckets', 'offset'),
    negative: buckets('n_buckets', 'n_offset'),
    ...(custom ? { customBounds: Float64Array.from(numbers('custom_values')) } : {}),
    counterResetHint: (fields.get('counter_reset_hint') ?? 'unknown') as CounterResetHint,
  }
}
