import type { Alert } from './alert.ts'
import type { Bottleneck } from './bottleneck.ts'
import type { Labels } from './labels.ts'
import type { Recommendation } from './recommendation.ts'

/** One host, process or container as it is now; a figure that nobody reports is absent. */
export interface SystemMetrics {
  readonly resource: Labels
  /** 0 to 1, over all processors. */
  readonly cpuUtilization?: number
  readonly memoryUtilization?: number
  readonly memoryUsedBytes?: number
  readonly diskUtilization?: number
  readonly processCpuUtilization?: number
  readonly processMemoryBytes?: number
  readonly eventLoopUtilization?: number
  readonly eventLoopDelayP99Seconds?: number
  readonly heapUsedBytes?: number
}

/** A named part of a service: a route, a database, a peer, or what the app names itself. */
export interface ComponentMetrics {
  readonly resource: Labels
  readonly component: string
  readonly kind: 'route' | 'peer' | 'database' | 'messaging' | 'component'
  readonly operation: string
  readonly ratePerSecond: number
  /** 0 to 1. */
  readonly errorRate: number
  readonly meanSeconds: number
  readonly p50Seconds: number
  readonly p95Seconds: number
  readonly p99Seconds: number
}

/** The state at an instant. */
export interface PerformanceSnapshot {
  /** ISO 8601. */
  readonly time: string
  readonly health: 'healthy' | 'warning' | 'critical' | 'unknown'
  readonly services: readonly Labels[]
  readonly systems: readonly SystemMetrics[]
  readonly components: readonly ComponentMetrics[]
  readonly bottlenecks: readonly Bottleneck[]
  readonly recommendations: readonly Recommendation[]
  readonly alerts: readonly Alert[]
  readonly series: number
}
