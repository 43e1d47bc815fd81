import type { Labels } from '../model/labels.ts'
import type { QueryFunc } from '../model/query.ts'
import type { SystemMetrics } from '../model/snapshot.ts'
import { labelsKey, resourceOf } from './resource.ts'

type Figure = Exclude<keyof SystemMetrics, 'resource'>

const BY = 'by (job, instance, host_name)'

/**
 * Where each figure of a host or process comes from. Utilizations jump from one moment to the next, so
 * they are means over two minutes. Several queries for one figure are tried in order,
 * for each resource on its own: the first that knows the resource wins. The older spellings are those
 * of Collector host metrics (`state` for `cpu.mode` and `system.memory.state`).
 */
const SYSTEM_FIGURES: readonly (readonly [Figure, readonly string[]])[] = [
  [
    'cpuUtilization',
    [
      `1 - avg ${BY} (avg_over_time(system_cpu_utilization_ratio{cpu_mode="idle"}[2m]))`,
      `1 - avg ${BY} (avg_over_time(system_cpu_utilization_ratio{state="idle"}[2m]))`,
      `1 - sum ${BY} (rate(system_cpu_time_seconds_total{cpu_mode="idle"}[2m])) / sum ${BY} (rate(system_cpu_time_seconds_total{cpu_mode!=""}[2m]))`,
      `1 - sum ${BY} (rate(system_cpu_time_seconds_total{state="idle"}[2m])) / sum ${BY} (rate(system_cpu_time_seconds_total{state!=""}[2m]))`,
    ],
  ],
  [
    'memoryUtilization',
    [
      `sum ${BY} (system_memory_utilization_ratio{system_memory_state="used"})`,
      `sum ${BY} (system_memory_utilization_ratio{state="used"})`,
      `sum ${BY} (system_memory_usage_bytes{state="used"}) / sum ${BY} (system_memory_usage_bytes{state!=""})`,
    ],
  ],
  [
    'memoryUsedBytes',
    [
      `sum ${BY} (system_memory_usage_bytes{system_memory_state="used"})`,
      `sum ${BY} (system_memory_usage_bytes{state="used"})`,
    ],
  ],
  ['diskUtilization', [`max ${BY} (system_filesystem_utilization_ratio)`]],
  ['processCpuUtilization', [`sum ${BY} (avg_over_time(process_cpu_utilization_ratio[2m]))`]],
  ['processMemoryBytes', [`sum ${BY} (process_memory_usage_bytes)`]],
  ['eventLoopUtilization', [`max ${BY} (avg_over_time(nodejs_eventloop_utilization_ratio[2m]))`]],
  ['eventLoopDelayP99Seconds', [`max ${BY} (nodejs_eventloop_delay_p99_seconds)`]],
  ['heapUsedBytes', [`sum ${BY} (v8js_memory_heap_used_bytes)`]],
]

/** What every host and process reports about itself at `nowMs`, in the order of their names. */
export function readSystems(query: QueryFunc, nowMs: number): SystemMetrics[] {
  const systems = new Map<string, { resource: Labels } & { -readonly [F in Figure]?: number }>()
  for (const [figure, expressions] of SYSTEM_FIGURES) {
    for (const expression of expressions) {
      for (const { labels, value } of query(expression, nowMs)) {
        if (!Number.isFinite(value)) continue
        const key = labelsKey(labels)
        const system = systems.get(key) ?? { resource: resourceOf(labels) }
        system[figure] ??= value
        systems.set(key, system)
      }
    }
  }
  return [...systems].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, system]) => system)
}
