export { type AnalyzerOptions, type RunningAnalyzer, startAnalyzer } from './analyzer.ts'
export { type CheckedFile, checkFile } from './check-file.ts'
export { printDefaults } from './config/defaults.ts'
export { loadConfig, parseConfig } from './config/load-config.ts'
export type { Config } from './config/schema.ts'
export type { Alert, Alert as PerformanceAlert, AlertTransition } from './model/alert.ts'
export type { AnalyzerView } from './model/analyzer-view.ts'
export type {
  Bottleneck,
  Bottleneck as PerformanceBottleneck,
  Evidence,
  Impact,
} from './model/bottleneck.ts'
export { ChokepointError, type ErrorCode } from './model/errors.ts'
export type { ChokepointEvent, EventType } from './model/event.ts'
export type { Labels } from './model/labels.ts'
export type {
  Recommendation,
  Recommendation as OptimizationRecommendation,
} from './model/recommendation.ts'
export type { PerformanceReport, ReportFormat } from './model/report.ts'
export { isAtLeast, SEVERITIES, type Severity } from './model/severity.ts'
export type { ComponentMetrics, PerformanceSnapshot, SystemMetrics } from './model/snapshot.ts'
export { requestProfile } from './profiles/fetch-profile.ts'
export { testRules } from './test-rules.ts'
