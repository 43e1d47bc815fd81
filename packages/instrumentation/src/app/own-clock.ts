import { performance } from 'node:perf_hooks'

// Taken at the start: tools for tests put fake clocks in the place of these, and DOMs for tests another `performance`.
// A fake that stands still or is set back would end our measurements before they began, and look like a stall.

/** The time of `performance.now()`, in ms. */
export const nowMs: () => number = performance.now.bind(performance)

/** The time of `Date.now()`, in ms. */
export const wallNowMs: () => number = Date.now

/** The time of `process.hrtime()`, in ms: the clock that the watch thread reads, too. */
export const hrtimeMs: () => number = (() => {
  const { hrtime } = process
  return () => {
    const [seconds, nanoseconds] = hrtime()
    return seconds * 1000 + nanoseconds / 1e6
  }
})()
