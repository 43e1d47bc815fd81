export { component, tracked } from './app/component.ts'
export type { Component, OperationEnd, RunningOperation } from './app/components.ts'
export { type ObserveOptions, observePool } from './app/observe-pool.ts'
export type { ObservedPool, PoolReading } from './app/observed-pools.ts'
export { type InstrumentKind, METRIC_TABLE, type MetricRow } from './metric-table.ts'
export {
  PerformanceMonitor,
  type PerformanceMonitorOptions,
} from './performance-monitor/performance-monitor.ts'
