import { formatG } from '../go-format.ts'
import { parseNumber } from '../parse/number.ts'
import { FloatHistogram } from './float-histogram.ts'
import {
  type CounterResetHint,
  CUSTOM_BUCKETS_SCHEMA,
  type HistogramBuckets,
  type NativeHistogram,
} from './native-histogram.ts'

const FIELDS: ReadonlySet<string> = new Set([
  ...['schema', 'count', 'sum', 'z_bucket', 'z_bucket_w', 'buckets', 'offset', 'n_buckets'],
  ...['n_offset', 'custom_values', 'counter_reset_hint'],
])
const HINTS: ReadonlySet<string> = new Set(['unknown', 'reset', 'not_reset', 'gauge'])

/**
 * Reads the inside of `{{schema:1 count:2 buckets:[1 1]}}`, as Prometheus' tests write native histograms.
 * Throws a SyntaxError that names what is no field.
 */
export function parseHistogram(text: string): NativeHistogram {
  const fields = new Map<string, string>()
  for (const [, name, value] of text.matchAll(/(\w+):(\[[^\]]*\]|\S+)/g)) {
    if (!FIELDS.has(name!.toLowerCase())) throw new SyntaxError(`a histogram has no field ${name}`)
    fields.set(name!.toLowerCase(), value!)
  }
  const hint = fields.get('counter_reset_hint') ?? 'unknown'
  if (!HINTS.has(hint)) throw new SyntaxError(`there is no counter reset hint ${hint}`)
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
    counterResetHint: hint as CounterResetHint,
  }
}

/** A number with a sign; durations count as seconds. */
export function parseSigned(text: string): number {
  const parsed = parseNumber(text.replace(/^[+-]/, ''))
  if (parsed === undefined) throw new SyntaxError(`bad number ${JSON.stringify(text)}`)
  return text.startsWith('-') ? -parsed.value : parsed.value
}

/** The histogram itself and `times` more, each with the step added once more, or taken away. */
export function histogramSequence(
  first: NativeHistogram,
  times: number,
  step?: { readonly sign: '+' | '-'; readonly histogram: NativeHistogram },
): NativeHistogram[] {
  const sequence = [first]
  for (let i = 0; i < times; i++) {
    const next = new FloatHistogram(sequence.at(-1)!)
    if (step?.sign === '+') next.add(step.histogram)
    else if (step !== undefined) next.subtract(step.histogram)
    sequence.push(step === undefined ? first : next)
  }
  return sequence
}

/** `{{count:3 sum:4 buckets:[1 2]}}`: what `parseHistogram` reads, without the fields that are zero. */
export function noteHistogram(histogram: NativeHistogram): string {
  const { schema, count, sum, zeroCount, zeroThreshold, customBounds, counterResetHint } = histogram
  const { positive, negative } = new FloatHistogram(histogram).compact()
  const numbers = { schema, count, sum, z_bucket: zeroCount, z_bucket_w: zeroThreshold }
  const list = (values: Iterable<number>) => `[${[...values].map(formatG).join(' ')}]`
  const side = (buckets: HistogramBuckets, prefix: string) => [
    ...(buckets.offset === 0 ? [] : [`${prefix}offset:${buckets.offset}`]),
    ...(buckets.counts.length === 0 ? [] : [`${prefix}buckets:${list(buckets.counts)}`]),
  ]
  const fields = [
    ...Object.entries(numbers).flatMap(([name, value]) =>
      value === 0 ? [] : [`${name}:${formatG(value)}`],
    ),
    ...(schema !== CUSTOM_BUCKETS_SCHEMA || customBounds === undefined
      ? []
      : [`custom_values:${list(customBounds)}`]),
    ...(counterResetHint === 'unknown' ? [] : [`counter_reset_hint:${counterResetHint}`]),
    ...side(positive, ''),
    ...side(negative, 'n_'),
  ]
  return `{{${fields.join(' ')}}}`
}
