import type { Alert, AlertTransition } from './alert.ts'
import type { Bottleneck } from './bottleneck.ts'
import type { QueryFunc, QueryRangeFunc } from './query.ts'
import type { Recommendation } from './recommendation.ts'
import type { ComponentMetrics, PerformanceSnapshot } from './snapshot.ts'

/** What one tenant's analysis knows: all that reports, the API and the facade read. */
export interface AnalyzerView {
  readonly now: () => number
  readonly query: QueryFunc
  readonly queryRange: QueryRangeFunc
  readonly snapshot: () => PerformanceSnapshot
  readonly components: () => readonly ComponentMetrics[]
  /** Active and lately resolved ones, highest impact first. */
  readonly bottlenecks: () => readonly Bottleneck[]
  readonly recommendations: () => readonly Recommendation[]
  readonly alerts: () => readonly Alert[]
  readonly alertHistory: () => readonly AlertTransition[]
}
