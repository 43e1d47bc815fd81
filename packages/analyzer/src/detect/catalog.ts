import { DB_N_PLUS_ONE, detectNPlusOne } from './db-n-plus-one.ts'
import { DEPENDENCY_SLOW, detectSlowDependency } from './dependency-slow.ts'
import type { DetectorRow } from './detector.ts'
import { detectErrorSpike, ERRORS_SPIKE } from './errors-spike.ts'
import { detectBlockedEventLoop, EVENTLOOP_BLOCKED } from './eventloop-blocked.ts'
import { detectMemoryLeak, MEMORY_LEAK } from './memory-leak.ts'

// How long a bottleneck must be seen, and be gone. What is counted over a window is steady by itself.
const STEADY = { confirmMs: 5_000, resolveMs: 60_000 }
const NOISY = { confirmMs: 15_000, resolveMs: 120_000 }

/** Every bottleneck type that there is a detector for. A detector is a file, a row here, a text, a test. */
// biome-ignore format: a table is read by its columns
export const CATALOG: readonly DetectorRow[] = [
  { type: 'eventloop.blocked', title: 'Blocked event loop', ...STEADY, thresholds: EVENTLOOP_BLOCKED, detect: detectBlockedEventLoop },
  { type: 'memory.leak', title: 'Memory leak', ...NOISY, confirmMs: 8_000, thresholds: MEMORY_LEAK, detect: detectMemoryLeak },
  { type: 'dependency.slow', title: 'Slow dependency', ...STEADY, thresholds: DEPENDENCY_SLOW, detect: detectSlowDependency },
  { type: 'db.n_plus_one', title: 'N+1 queries', ...STEADY, thresholds: DB_N_PLUS_ONE, detect: detectNPlusOne },
  { type: 'errors.spike', title: 'Failing requests', ...STEADY, thresholds: ERRORS_SPIKE, detect: detectErrorSpike },
]
