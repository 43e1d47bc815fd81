const UNIT_SECONDS: Readonly<Record<string, number>> = {
  y: 31_536_000,
  w: 604_800,
  d: 86_400,
  h: 3_600,
  m: 60,
  s: 1,
  ms: 0.001,
}

const DURATION = /^(?:\d+(?:ms|[ywdhms]))+$/
const DURATION_PART = /(\d+)(ms|[ywdhms])/g

/** A number or duration as PromQL writes it. */
export interface ParsedNumber {
  /** The number; of a duration its seconds. */
  readonly value: number
  readonly duration: boolean
}

/** Reads `1e3`, `0x1f`, `1_000`, `Inf`, `NaN`, `1h30m`; undefined when the text is none of these. */
export function parseNumber(text: string): ParsedNumber | undefined {
  const lower = text.toLowerCase()
  if (lower === 'inf') return { value: Infinity, duration: false }
  if (lower === 'nan') return { value: Number.NaN, duration: false }
  if (DURATION.test(text)) return { value: durationSeconds(text), duration: true }
  const digits = lower.replaceAll('_', '')
  // A leading zero means octal where the digits allow it, as in Go's ParseInt with base 0.
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits)
  return Number.isNaN(value) ? undefined : { value, duration: false }
}

function durationSeconds(text: string): number {
  let milliseconds = 0
  for (const [, count, unit] of text.matchAll(DURATION_PART)) {
    milliseconds += Math.round(Number(count) * UNIT_SECONDS[unit!]! * 1000)
  }
  return milliseconds / 1000
}

/** Seconds as the whole milliseconds that Prometheus keeps of them. */
export function secondsToMs(seconds: number): number {
  return Math.trunc(Math.round(seconds * 1e9) / 1e6)
}
