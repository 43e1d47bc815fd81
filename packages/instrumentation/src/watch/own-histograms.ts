import { BoundedHistogram } from './metrics/bounded-histogram.ts'

const STALL_SECONDS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 30, 60] as const
/** Distinct places in the code that stalls are counted for. */
const STALL_FRAMES_MAX = 50
const EXPORT_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] as const
const EXPORTS_MAX = 16

/** The histograms that the watch thread fills by itself. */
export interface OwnHistograms {
  /** `nodejs.eventloop.blocked.duration` */
  readonly stalls: BoundedHistogram
  /** `chokepoint.sdk.export.duration` */
  readonly exports: BoundedHistogram
}

export function createOwnHistograms(startedAtMs: number): OwnHistograms {
  return {
    stalls: new BoundedHistogram({
      name: 'nodejs.eventloop.blocked.duration',
      boundaries: STALL_SECONDS,
      seriesMax: STALL_FRAMES_MAX,
      startedAtMs,
    }),
    exports: new BoundedHistogram({
      name: 'chokepoint.sdk.export.duration',
      boundaries: EXPORT_SECONDS,
      seriesMax: EXPORTS_MAX,
      startedAtMs,
    }),
  }
}
