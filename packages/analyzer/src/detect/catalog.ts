import { CALLS_SEQUENTIAL, detectSequentialCalls } from './calls-sequential.ts'
import { CARDINALITY_EXPLOSION, detectCardinality } from './cardinality-explosion.ts'
import { CPU_SATURATED, detectSaturatedCpu } from './cpu-saturated.ts'
import { CPU_THROTTLED, detectThrottledCpu } from './cpu-throttled.ts'
import { DB_N_PLUS_ONE, detectNPlusOne } from './db-n-plus-one.ts'
import { DEPENDENCY_ERRORS, detectFailingDependency } from './dependency-errors.ts'
import { DEPENDENCY_RETRIES, detectRetries } from './dependency-retries.ts'
import { DEPENDENCY_SLOW, detectSlowDependency } from './dependency-slow.ts'
import type { DetectorRow } from './detector.ts'
import { detectErrorSpike, ERRORS_SPIKE } from './errors-spike.ts'
import { detectBlockedEventLoop, EVENTLOOP_BLOCKED } from './eventloop-blocked.ts'
import { detectSyncIo, EVENTLOOP_SYNC_IO } from './eventloop-sync-io.ts'
import { detectGcPressure, GC_PRESSURE } from './gc-pressure.ts'
import { detectHandlesLeak, HANDLES_LEAK } from './handles-leak.ts'
import { HOST_ROWS } from './host-resources.ts'
import { detectImbalance, INSTANCE_IMBALANCE } from './instance-imbalance.ts'
import { detectLatencyRegression, LATENCY_REGRESSION } from './latency-regression.ts'
import { detectMemoryExhaustion, MEMORY_EXHAUSTION } from './memory-exhaustion.ts'
import { detectMemoryLeak, MEMORY_LEAK } from './memory-leak.ts'
import { detectExhaustedPool, POOL_EXHAUSTED } from './pool-exhausted.ts'
import { detectSaturatedThreadpool, THREADPOOL_SATURATED } from './threadpool-saturated.ts'
import { detectOverload, TRAFFIC_OVERLOAD } from './traffic-overload.ts'

// How long a bottleneck must be seen, and be gone. What is counted over a window is steady by itself.
const STEADY = { confirmMs: 5_000, resolveMs: 60_000 }
const NOISY = { confirmMs: 15_000, resolveMs: 120_000 }

/** Every bottleneck type that there is a detector for. A detector is a file, a row here, a text, a test. */
// biome-ignore format: a table is read by its columns
export const CATALOG: readonly DetectorRow[] = [
  { type: 'eventloop.blocked', title: 'Blocked event loop', ...STEADY, thresholds: EVENTLOOP_BLOCKED, detect: detectBlockedEventLoop },
  { type: 'eventloop.sync_io', title: 'Synchronous I/O', ...STEADY, thresholds: EVENTLOOP_SYNC_IO, detect: detectSyncIo },
  { type: 'cpu.saturated', title: 'Saturated main thread', ...NOISY, thresholds: CPU_SATURATED, detect: detectSaturatedCpu },
  { type: 'cpu.throttled', title: 'Throttled container', ...NOISY, thresholds: CPU_THROTTLED, detect: detectThrottledCpu },
  { type: 'gc.pressure', title: 'Garbage collection pressure', ...NOISY, thresholds: GC_PRESSURE, detect: detectGcPressure },
  { type: 'memory.leak', title: 'Memory leak', ...NOISY, confirmMs: 8_000, thresholds: MEMORY_LEAK, detect: detectMemoryLeak },
  { type: 'memory.exhaustion', title: 'Memory running out', ...NOISY, thresholds: MEMORY_EXHAUSTION, detect: detectMemoryExhaustion },
  { type: 'threadpool.saturated', title: 'Saturated thread pool', ...NOISY, thresholds: THREADPOOL_SATURATED, detect: detectSaturatedThreadpool },
  { type: 'handles.leak', title: 'Leak of handles', ...NOISY, thresholds: HANDLES_LEAK, detect: detectHandlesLeak },
  { type: 'dependency.slow', title: 'Slow dependency', ...STEADY, thresholds: DEPENDENCY_SLOW, detect: detectSlowDependency },
  { type: 'dependency.errors', title: 'Failing dependency', ...STEADY, thresholds: DEPENDENCY_ERRORS, detect: detectFailingDependency },
  { type: 'dependency.retries', title: 'Retries of failing calls', ...STEADY, thresholds: DEPENDENCY_RETRIES, detect: detectRetries },
  { type: 'pool.exhausted', title: 'Exhausted connection pool', ...NOISY, thresholds: POOL_EXHAUSTED, detect: detectExhaustedPool },
  { type: 'db.n_plus_one', title: 'N+1 queries', ...STEADY, thresholds: DB_N_PLUS_ONE, detect: detectNPlusOne },
  { type: 'calls.sequential', title: 'Calls one after another', ...NOISY, thresholds: CALLS_SEQUENTIAL, detect: detectSequentialCalls },
  { type: 'errors.spike', title: 'Failing requests', ...STEADY, thresholds: ERRORS_SPIKE, detect: detectErrorSpike },
  { type: 'latency.regression', title: 'Slower route', ...NOISY, thresholds: LATENCY_REGRESSION, detect: detectLatencyRegression },
  { type: 'traffic.overload', title: 'More requests than capacity', ...NOISY, thresholds: TRAFFIC_OVERLOAD, detect: detectOverload },
  { type: 'instance.imbalance', title: 'Uneven load', ...NOISY, confirmMs: 60_000, thresholds: INSTANCE_IMBALANCE, detect: detectImbalance },
  { type: 'cardinality.explosion', title: 'Too many series', ...NOISY, thresholds: CARDINALITY_EXPLOSION, detect: detectCardinality },
  ...HOST_ROWS,
]
