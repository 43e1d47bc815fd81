import { type NativeHistogram, noteHistogram, parseHistogram } from '@chokepoint/promql'

/** A value that a rule made; `'stale'` ends the series. */
export type RuleValue = number | NativeHistogram | 'stale'

/** A sample that a rule made, as the log keeps it. */
export interface RuleSample {
  readonly name: string
  readonly labels: readonly (readonly [string, string])[]
  readonly timeMs: number
  readonly value: RuleValue
}

/** Samples as JSON; numbers that JSON does not have are written as text, and so are histograms. */
export function encodeRuleSamples(samples: readonly RuleSample[]): Uint8Array {
  const rows = samples.map(({ name, labels, timeMs, value }) => [
    name,
    labels.flat(),
    timeMs,
    encodeValue(value),
  ])
  return Buffer.from(JSON.stringify(rows))
}

/** Reads what `encodeRuleSamples` wrote. */
export function decodeRuleSamples(body: Uint8Array): RuleSample[] {
  const rows = JSON.parse(new TextDecoder().decode(body)) as [
    string,
    string[],
    number,
    number | string,
  ][]
  return rows.map(([name, flat, timeMs, value]) => {
    const labels: [string, string][] = []
    for (let i = 0; i < flat.length; i += 2) labels.push([flat[i]!, flat[i + 1]!])
    return { name, labels, timeMs, value: decodeValue(value) }
  })
}

function encodeValue(value: RuleValue): number | string {
  if (typeof value === 'object') return noteHistogram(value)
  if (value === 'stale' || Number.isFinite(value)) return Object.is(value, -0) ? '-0' : value
  return String(value)
}

function decodeValue(value: number | string): RuleValue {
  if (value === 'stale') return value
  return typeof value === 'string' && value.startsWith('{{')
    ? parseHistogram(value.slice(2, -2))
    : Number(value)
}
