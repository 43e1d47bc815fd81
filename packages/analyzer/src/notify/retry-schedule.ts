const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** The waits after each failed attempt, as Standard Webhooks suggests: about 75 hours in all. */
export const RETRY_DELAYS_MS: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]

// A receiver may ask for any wait; longer than the longest of ours would keep the message for ever.
const RETRY_AFTER_MS_MAX = 24 * HOUR

/** The wait before the next attempt, a tenth around the schedule's; undefined after the last one. */
export function retryDelayMs(
  failedAttempts: number,
  random: () => number,
  retryAfterMs = 0,
): number | undefined {
  const delay = RETRY_DELAYS_MS[failedAttempts - 1]
  if (delay === undefined) return undefined
  // Jitter keeps the messages of one outage from coming back all at once.
  const jittered = Math.round(delay * (0.9 + 0.2 * random()))
  return Math.max(jittered, Math.min(retryAfterMs, RETRY_AFTER_MS_MAX))
}

/** The wait that a `Retry-After` header asks for, in seconds or as a date; 0 when there is none. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number {
  if (header === undefined) return 0
  if (/^\d+$/.test(header.trim())) return Number(header) * SECOND
  const date = Date.parse(header)
  return Number.isNaN(date) ? 0 : Math.max(date - nowMs, 0)
}
