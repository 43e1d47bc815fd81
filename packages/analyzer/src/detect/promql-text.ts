import { ChokepointError } from '../model/errors.ts'

/** A value to equal, or a pattern (RE2, anchored) to match or not to match. */
export type LabelTest = string | { readonly matches: string } | { readonly not: string }

/** PromQL for the series of a metric with these labels; an undefined test is left out. */
export function select(
  metric: string,
  tests: Readonly<Record<string, LabelTest | undefined>> = {},
): string {
  const matchers = Object.entries(tests)
    .filter((entry): entry is [string, LabelTest] => entry[1] !== undefined)
    .map(([label, test]) => `${label}${matcherText(test)}`)
  return matchers.length === 0 ? metric : `${metric}{${matchers.join(',')}}`
}

function matcherText(test: LabelTest): string {
  if (typeof test === 'string') return `=${quoted(test)}`
  return 'matches' in test ? `=~${quoted(test.matches)}` : `!~${quoted(test.not)}`
}

/** A PromQL string literal. */
function quoted(text: string): string {
  return `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`
}

/** A PromQL duration of whole seconds, at least one: `60s`, `5m`. */
export function durationText(durationMs: number): string {
  if (!Number.isFinite(durationMs) || durationMs <= 0) {
    throw new ChokepointError('QUERY_INVALID', `a window of ${durationMs} ms cannot be asked for`)
  }
  const seconds = Math.max(1, Math.round(durationMs / 1000))
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`
}

/** The seconds of a `durationText`. */
function secondsOf(window: string): number {
  return Number.parseInt(window, 10) * (window.endsWith('m') ? 60 : 1)
}

/**
 * The increase of counters that may be born inside the window. `increase` cannot see a counter's first
 * value, because there is no sample before it: a rare event under a label of its own would not count.
 * Where the instance reported `witness` before the window, or is itself younger than the window, such a
 * counter began at 0, so all of it counts.
 */
export function increaseWithBirth(counter: string, window: string, witness: string): string {
  // Each summed up by itself, so that neither is held series by series: there may be very many.
  const before = `group by (job, instance) (${witness} offset ${window})`
  const young = `min by (job, instance) (process_uptime_seconds) < ${secondsOf(window)}`
  return `((${counter} unless ${counter} offset ${window}) and on (job, instance) (${before} or ${young}) or increase(${counter}[${window}]))`
}
