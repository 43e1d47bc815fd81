import type { PostResponse } from './http-post.ts'

// Statuses of 4xx that another attempt may change: timeout, conflict, too early, too many.
const TRY_AGAIN: ReadonlySet<number> = new Set([408, 409, 425, 429])

/** True when the receiver said that it will never take this message. */
export function isRefusal(outcome: PostResponse | Error): boolean {
  if (outcome instanceof Error) return false
  const { status } = outcome
  return status >= 400 && status < 500 && !TRY_AGAIN.has(status)
}

/** Why an outcome is no delivery; undefined when it is one: "success is 2xx only". */
export function failureOf(outcome: PostResponse | Error): string | undefined {
  if (outcome instanceof Error) return outcome.message
  const { status, text } = outcome
  if (status >= 200 && status < 300) return undefined
  const said = text.trim() === '' ? '' : `: ${text.trim().slice(0, 200)}`
  if (status >= 300 && status < 400) return `answered ${status}; redirects are not followed`
  if (status === 410)
    return `answered 410; this endpoint is disabled until it is tested or changed${said}`
  return `answered ${status}${said}`
}
