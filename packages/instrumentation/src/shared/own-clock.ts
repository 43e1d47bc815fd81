import { performance } from 'node:perf_hooks'

// Taken at the start: tools for tests put fake clocks in the place of these, and DOMs for tests another `performance`.
// A fake that stands still or is set back would end our measurements before they began, and look like a stall.

/** The time of `performance.now()`, in ms. */
export const nowMs: () => number = performance.now.bind(performance)

/** The time of `Date.now()`, in ms. */
export const wallNowMs: () => number = Date.now

/** When `performance.now()` was 0, as wall clock in ms. */
export const timeOriginMs: number = performance.timeOrigin

const { hrtime } = process

/** The time of `process.hrtime()`, in ms: the clock of the heartbeat, which nobody can set and all threads share. */
export function hrtimeMs(): number {
  const [seconds, nanoseconds] = hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}
