import { limitsWith } from '../../packages/analyzer/src/config/limits.ts'

/** The usual limits, with room for a million series and more. */
export const LIMITS_FOR_BENCH = limitsWith({
  seriesMax: 4_000_000,
  seriesPerMetricMax: 2_000_000,
  memoryBytesMax: 8 * 1024 ** 3,
})
