import { ChokepointError } from '../../model/errors.ts'
import type { Parameters } from '../parameters.ts'
import { parseGoFloat } from './parse-go-float.ts'

/** Far enough for every sample; Prometheus' own ends do not fit in JavaScript's dates. */
export const TIME_MIN_MS = -8.64e15
export const TIME_MAX_MS = 8.64e15

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)$/
const DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/
const DURATION_MS_MAX = 2 ** 63 / 1e6
const DURATION_UNITS_MS = [31536e6, 6048e5, 864e5, 36e5, 6e4, 1e3, 1]

/** `invalid parameter "time": …`, as Prometheus says it. */
export function invalidParameter(name: string, reason: string): ChokepointError {
  return new ChokepointError('PARAMETER_INVALID', `invalid parameter "${name}": ${reason}`)
}

/** RFC 3339 or Unix seconds, to milliseconds. */
export function timeParameter(parameters: Parameters, name: string): number {
  const text = parameters.get(name)
  const time = parseTime(text)
  if (time !== undefined) return time
  throw invalidParameter(name, `cannot parse ${quote(text)} to a valid timestamp`)
}

/** The same; `fallbackMs` when the parameter is absent. */
export function optionalTimeParameter(
  parameters: Parameters,
  name: string,
  fallbackMs: number,
): number {
  const text = parameters.get(name)
  if (text === '') return fallbackMs
  const time = parseTime(text)
  if (time !== undefined) return time
  const reason = `cannot parse ${quote(text)} to a valid timestamp`
  throw invalidParameter(name, `invalid time value for '${name}': ${reason}`)
}

/** Seconds as a number, or a duration such as `1h30m`, to milliseconds. */
export function durationParameter(parameters: Parameters, name: string): number {
  const text = parameters.get(name)
  const duration = parseDuration(text)
  if (duration === 'too long') {
    throw invalidParameter(
      name,
      `cannot parse ${quote(text)} to a valid duration. It overflows int64`,
    )
  }
  if (duration !== undefined) return duration
  throw invalidParameter(name, `cannot parse ${quote(text)} to a valid duration`)
}

/** A count of at least 0; 0 and absence are no limit. */
export function limitParameter(parameters: Parameters, name = 'limit'): number {
  const text = parameters.get(name)
  if (text === '') return 0
  if (!/^[+-]?\d+$/.test(text)) {
    throw invalidParameter(name, `strconv.Atoi: parsing ${quote(text)}: invalid syntax`)
  }
  if (Number(text) < 0) throw invalidParameter(name, 'limit must be non-negative')
  return Number(text)
}

function parseTime(text: string): number | undefined {
  const seconds = parseGoFloat(text)
  if (seconds !== undefined) {
    // Milliseconds are what a sample's time has; more digits are cut to them. What is no time is none here:
    // Prometheus makes one of it by overflow, another on each kind of machine.
    const ms = Math.round(seconds * 1000)
    return Number.isFinite(ms) ? ms : undefined
  }
  if (!RFC3339.test(text)) return undefined
  const ms = Date.parse(text.replace(',', '.'))
  return Number.isNaN(ms) ? undefined : ms
}

function parseDuration(text: string): number | 'too long' | undefined {
  const seconds = parseGoFloat(text)
  if (seconds !== undefined) {
    const ms = seconds * 1000
    // What is no number becomes the least of all durations in Go.
    if (Number.isNaN(ms)) return Number.NEGATIVE_INFINITY
    // Go holds a duration in 64 bits of nanoseconds; a query takes it in milliseconds.
    return Math.abs(ms) <= DURATION_MS_MAX ? Math.trunc(ms * 1e6) / 1e6 : 'too long'
  }
  const parts = DURATION.exec(text)
  if (parts === null || text === '') return text === '0' ? 0 : undefined
  return DURATION_UNITS_MS.reduce(
    (sum, unitMs, index) => sum + Number(parts[index + 1] ?? 0) * unitMs,
    0,
  )
}

/** Text in quotes as Go's `%q` writes it, near enough for what a person may type. */
export function quote(text: string): string {
  return JSON.stringify(text)
}
