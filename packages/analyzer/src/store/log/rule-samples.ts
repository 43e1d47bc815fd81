/** A sample that a rule made, as the log keeps it. */
export interface RuleSample {
  readonly name: string
  readonly labels: readonly (readonly [string, string])[]
  readonly timeMs: number
  readonly value: number | 'stale'
}

/** Samples as JSON; numbers that JSON does not have are written as text. */
export function encodeRuleSamples(samples: readonly RuleSample[]): Uint8Array {
  const rows = samples.map(({ name, labels, timeMs, value }) => [
    name,
    labels.flat(),
    timeMs,
    typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
      ? Object.is(value, -0)
        ? '-0'
        : String(value)
      : value,
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
    return { name, labels, timeMs, value: value === 'stale' ? value : Number(value) }
  })
}
