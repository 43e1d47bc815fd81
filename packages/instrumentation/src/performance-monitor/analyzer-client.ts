import type {
  Bottleneck,
  PerformanceSnapshot,
  Recommendation,
  ReportFormat,
} from '@chokepoint/analyzer'

export type { Bottleneck, PerformanceSnapshot, Recommendation, ReportFormat }

/** What the facade asks of an analyzer, wherever it runs. */
export interface AnalyzerClient {
  snapshot(): Promise<PerformanceSnapshot>
  bottlenecks(): Promise<readonly Bottleneck[]>
  recommendations(): Promise<readonly Recommendation[]>
  report(format: ReportFormat): Promise<string>
  close(): Promise<void>
}
