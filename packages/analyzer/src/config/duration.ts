/** Milliseconds of each unit, largest first, as Prometheus writes durations. */
const UNITS: readonly (readonly [unit: string, milliseconds: number])[] = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]

const DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

// Prometheus keeps durations in 64-bit nanoseconds; what it refuses is refused here too.
const DURATION_MS_MAX = 9_223_372_036_854

/** Milliseconds of a duration such as `5m`, `500ms` or `1h30m`; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (text === '') return undefined
  const match = DURATION.exec(text)
  if (match === null) return undefined
  let milliseconds = 0
  for (const [index, [, unitMs]] of UNITS.entries()) {
    milliseconds += Number(match[index + 1] ?? 0) * unitMs
  }
  return milliseconds <= DURATION_MS_MAX ? milliseconds : undefined
}

/** The shortest text that `parseDuration` reads as the same time: 5400000 gives `1h30m`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s'
  let rest = milliseconds
  let text = ''
  for (const [unit, unitMs] of UNITS) {
    // Years and weeks only when nothing is left over: `1w1d` is read worse than `8d`.
    if ((unit === 'y' || unit === 'w') && rest % unitMs !== 0) continue
    const count = Math.floor(rest / unitMs)
    if (count > 0) text += `${count}${unit}`
    rest -= count * unitMs
  }
  return text
}
