import { hrtimeMs } from '../shared/own-clock.ts'
import type { Moment } from './metrics/metric-batch.ts'

/** Both clocks now. */
export function clock(): Moment {
  return { wallMs: Date.now(), monotonicMs: hrtimeMs() }
}
