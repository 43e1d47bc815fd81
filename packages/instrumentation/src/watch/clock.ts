import type { Moment } from './metrics/metric-batch.ts'

/** The clock of the app thread's heartbeat, which nobody can set, in ms. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}

/** Both clocks now. */
export function clock(): Moment {
  return { wallMs: Date.now(), monotonicMs: monotonicMs() }
}
