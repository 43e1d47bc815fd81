import type { BottleneckType } from '../model/bottleneck.ts'
import {
  inCallee,
  type Relation,
  sameDatabase,
  sameDependency,
  sameHost,
  sameRoute,
  sameService,
  seenByCaller,
} from './relations.ts'

/** One way in which a bottleneck shows itself as others. */
export interface ExplanationRule {
  readonly cause: readonly BottleneckType[]
  readonly symptom: readonly BottleneckType[]
  readonly where: Relation
  /**
   * The cause must cost at least this part of the time that the symptom costs, by `impact.savingMs`: a
   * loop that is blocked for 16 ms a request does not explain a peer that takes 300 ms.
   */
  readonly timeShareMin?: number
}

const SLOW_PROCESS: readonly BottleneckType[] = [
  'eventloop.blocked',
  'eventloop.sync_io',
  'cpu.saturated',
  'cpu.throttled',
  'gc.pressure',
  'threadpool.saturated',
  'pool.exhausted',
  'traffic.overload',
]
const SLOW_CALLS: readonly BottleneckType[] = [
  'db.n_plus_one',
  'dependency.slow',
  'dependency.retries',
  'calls.sequential',
]

/** Causes and their symptoms, nearest to the root first; an earlier row wins over a later one. */
// biome-ignore format: a table is read by its columns
export const EXPLANATION_RULES: readonly ExplanationRule[] = [
  // The machine holds back its processes.
  { cause: ['host.cpu_saturated'], symptom: ['eventloop.blocked', 'cpu.saturated', 'latency.regression', 'threadpool.saturated'], where: sameHost },
  { cause: ['host.memory_pressure'], symptom: ['eventloop.blocked', 'gc.pressure', 'host.disk_saturated', 'latency.regression'], where: sameHost },
  { cause: ['host.disk_saturated'], symptom: ['threadpool.saturated', 'eventloop.sync_io', 'latency.regression'], where: sameHost },
  { cause: ['cpu.throttled'], symptom: ['eventloop.blocked', 'cpu.saturated', 'gc.pressure', 'latency.regression', 'threadpool.saturated'], where: sameService },

  // One process holds back itself.
  { cause: ['memory.leak'], symptom: ['memory.exhaustion', 'gc.pressure', 'host.memory_pressure', 'latency.regression'], where: sameService },
  { cause: ['memory.exhaustion'], symptom: ['gc.pressure', 'latency.regression'], where: sameService },
  { cause: ['gc.pressure'], symptom: ['eventloop.blocked', 'cpu.saturated', 'latency.regression'], where: sameService },
  { cause: ['eventloop.sync_io'], symptom: ['eventloop.blocked', 'cpu.saturated', 'latency.regression'], where: sameService },
  { cause: ['eventloop.blocked'], symptom: ['cpu.saturated', 'traffic.overload', 'latency.regression', 'instance.imbalance'], where: sameService },
  { cause: ['eventloop.blocked', 'gc.pressure', 'cpu.throttled'], symptom: ['dependency.slow', 'pool.exhausted', 'calls.sequential'], where: sameService, timeShareMin: 0.5 },
  { cause: ['traffic.overload'], symptom: ['cpu.saturated', 'latency.regression', 'pool.exhausted'], where: sameService },
  { cause: ['cpu.saturated', 'threadpool.saturated', 'handles.leak'], symptom: ['latency.regression'], where: sameService },

  // A process waits for others.
  { cause: ['db.n_plus_one'], symptom: ['dependency.slow', 'pool.exhausted'], where: sameDatabase },
  { cause: ['db.n_plus_one'], symptom: ['pool.exhausted', 'calls.sequential'], where: sameService },
  { cause: ['db.n_plus_one'], symptom: ['latency.regression'], where: sameRoute },
  { cause: ['pool.exhausted'], symptom: ['latency.regression', 'errors.spike'], where: sameService },
  { cause: SLOW_PROCESS, symptom: ['dependency.slow'], where: inCallee, timeShareMin: 0.3 },
  { cause: SLOW_CALLS, symptom: ['dependency.slow'], where: inCallee, timeShareMin: 0.3 },
  { cause: ['dependency.slow'], symptom: ['latency.regression', 'pool.exhausted', 'calls.sequential'], where: sameService },
  { cause: ['dependency.slow'], symptom: ['latency.regression'], where: seenByCaller },
  { cause: ['dependency.slow'], symptom: ['errors.spike', 'dependency.errors'], where: sameDependency },
  { cause: ['dependency.retries'], symptom: ['dependency.slow', 'latency.regression'], where: sameDependency },
  { cause: ['calls.sequential'], symptom: ['latency.regression'], where: sameService },

  // Failures travel from callee to caller.
  { cause: ['errors.spike', 'memory.exhaustion'], symptom: ['errors.spike', 'dependency.errors', 'dependency.retries'], where: inCallee },
  { cause: ['dependency.errors'], symptom: ['errors.spike', 'dependency.retries'], where: sameDependency },
]
