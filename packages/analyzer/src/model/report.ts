import type { AlertTransition } from './alert.ts'
import type { Bottleneck } from './bottleneck.ts'
import type { QuerySeries } from './query.ts'
import type { PerformanceSnapshot } from './snapshot.ts'

/** One chart of a report: a query over the window and its answer. */
export interface ReportChart {
  readonly title: string
  readonly unit: string
  readonly query: string
  readonly series: readonly QuerySeries[]
}

/** A snapshot and its history over a window. Times are ISO 8601. */
export interface PerformanceReport {
  readonly product: 'chokepoint'
  readonly version: string
  readonly generatedAt: string
  readonly window: { readonly start: string; readonly end: string; readonly seconds: number }
  readonly snapshot: PerformanceSnapshot
  /** All bottlenecks that were active at any time in the window, resolved ones too. */
  readonly bottlenecks: readonly Bottleneck[]
  readonly alertHistory: readonly AlertTransition[]
  readonly charts: readonly ReportChart[]
}

export type ReportFormat = 'json' | 'csv' | 'html'
