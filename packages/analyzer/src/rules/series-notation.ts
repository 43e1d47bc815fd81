import {
  histogramSequence,
  type NativeHistogram,
  parseHistogram,
  unquote,
} from '@chokepoint/promql'
import type { Labels } from '../model/labels.ts'

/** A sample of a series in a rule test; undefined where there is none. */
export type NotedValue = number | 'stale' | NativeHistogram | undefined

// One test file is read by a person; this bounds what `1x999999999` can ask for.
const VALUES_MAX = 1_000_000

const ITEMS = /\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x\d+)?(?=\s|$)|\S+/gs
const HISTOGRAMS = /^\{\{(.*?)\}\}(?:([+-])\{\{(.*?)\}\})?(?:x(\d+))?$/s
const NUMBER = String.raw`(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|0x[\da-f]+|inf|nan)`
const ITEM = new RegExp(
  String.raw`^([+-]?${NUMBER}|_|stale)(?:([+-])(${NUMBER}))?(?:x(\d+))?$`,
  'i',
)

/**
 * The values of `1+2x3 _ stale`: `a+bxn` is a and n more, each b higher; `axn` is a and n more; `_xn` is n
 * gaps; `{{schema:0 count:1 buckets:[1]}}` is a native histogram. Throws a `SyntaxError` that names the item.
 */
export function parseSeriesValues(text: string): readonly NotedValue[] {
  const values: NotedValue[] = []
  for (const [item] of text.matchAll(ITEMS)) {
    if (item.startsWith('{{')) {
      pushHistograms(values, item)
      continue
    }
    const match = ITEM.exec(item)
    if (match === null || (match[2] !== undefined && match[4] === undefined)) {
      throw new SyntaxError(
        `cannot read ${JSON.stringify(item)}: expected a value such as 1, 1+2x3, _, _x5 or stale`,
      )
    }
    const [, first = '', sign, step, times] = match
    const count = Number(times ?? 0)
    if (values.length + count > VALUES_MAX) {
      throw new SyntaxError(`cannot read ${JSON.stringify(item)}: more than ${VALUES_MAX} values`)
    }
    pushItem(values, first, step === undefined ? 0 : toNumber(`${sign}${step}`), times, count)
  }
  return values
}

function pushHistograms(values: NotedValue[], item: string): void {
  const [, first, sign, step, times = '0'] = HISTOGRAMS.exec(item) ?? []
  if (first === undefined) {
    throw new SyntaxError(
      `cannot read ${JSON.stringify(item)}: expected a histogram such as {{schema:0 count:1 buckets:[1]}}`,
    )
  }
  if (values.length + Number(times) > VALUES_MAX) {
    throw new SyntaxError(`cannot read ${JSON.stringify(item)}: more than ${VALUES_MAX} values`)
  }
  try {
    const added =
      step === undefined ? undefined : { sign: sign as '+' | '-', histogram: parseHistogram(step) }
    for (const one of histogramSequence(parseHistogram(first), Number(times), added))
      values.push(one)
  } catch (error) {
    throw new SyntaxError(`cannot read ${JSON.stringify(item)}: ${(error as Error).message}`)
  }
}

function pushItem(
  values: NotedValue[],
  first: string,
  step: number,
  times: string | undefined,
  count: number,
): void {
  if (first === '_') {
    // `_x3` is three gaps, where `1x3` is four values: so it is in Prometheus.
    for (let index = 0; index < (times === undefined ? 1 : count); index++) values.push(undefined)
    return
  }
  const value = first.toLowerCase() === 'stale' ? 'stale' : toNumber(first)
  for (let index = 0; index <= count; index++) {
    values.push(value === 'stale' ? value : value + index * step)
  }
}

function toNumber(text: string): number {
  const infinite = /^([+-]?)inf$/i.exec(text)
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity
  return /nan$/i.test(text) ? Number.NaN : Number(text)
}

const LABEL =
  /\s*(?:([a-zA-Z_][\w:]*)|("(?:[^"\\]|\\.)*"))\s*(=?)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)?\s*(,?)/y

/** The labels of `name{a="b"}`, `{a="b"}` or `{"utf-8 name", a="b"}`. Throws a `SyntaxError`. */
export function parseSeriesLabels(series: string): Labels {
  const match = /^\s*([a-zA-Z_:][\w:]*)?\s*(?:\{([\s\S]*)\})?\s*$/.exec(series)
  const [, name, inside = ''] = match ?? []
  if (match === null || (name === undefined && !series.includes('{'))) throw noSeries(series)
  const labels: Record<string, string> = name === undefined ? {} : { __name__: name }
  LABEL.lastIndex = 0
  while (inside.slice(LABEL.lastIndex).trim() !== '') {
    const label = LABEL.exec(inside)
    if (label === null) throw noSeries(series)
    const [, plain, quoted, equals, value, comma] = label
    const key = plain ?? unquote(quoted!)
    const text = value === undefined ? undefined : unquote(value)
    if (key === undefined) throw noSeries(series)
    if (equals === '' && value === undefined && quoted !== undefined) labels.__name__ = key
    else if (equals === '=' && text !== undefined) labels[key] = text
    else throw noSeries(series)
    if (comma === '' && inside.slice(LABEL.lastIndex).trim() !== '') throw noSeries(series)
  }
  // An empty label is no label.
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''))
}

function noSeries(text: string): SyntaxError {
  return new SyntaxError(
    `cannot read ${JSON.stringify(text)}: expected a series such as name{label="value"}`,
  )
}

/** A label set as Prometheus writes it: `name{a="b"}`. */
export function formatLabels({ __name__ = '', ...labels }: Labels): string {
  const pairs = Object.keys(labels)
    .sort()
    .map((name) => `${name}=${JSON.stringify(labels[name])}`)
  return pairs.length === 0 && __name__ !== '' ? __name__ : `${__name__}{${pairs.join(', ')}}`
}
