import type { DetectContext, Threshold } from './detector.ts'
import { overThreshold } from './over-threshold.ts'
import { select } from './promql-text.ts'
import { serviceName } from './resource.ts'
import { percent } from './wording.ts'

/** From when on memory is about to run out. */
export const MEMORY_EXHAUSTION = {
  heapShare: {
    value: 0.85,
    unit: '1',
    reason:
      'of the heap limit, after a major collection: V8 now collects without end to stay under it',
  },
  containerShare: {
    value: 0.9,
    unit: '1',
    reason: 'of the container limit, without file cache: the kernel kills at 100 %',
  },
  criticalShare: { value: 0.95, unit: '1', reason: 'the next larger request can end the process' },
} as const satisfies Record<string, Threshold>

const heap = overThreshold({
  type: 'memory.exhaustion',
  component: 'heap',
  operation: 'limit',
  by: ['job', 'instance'],
  figure: () =>
    'max by (job, instance) (nodejs_heap_floor_bytes) / max by (job, instance) (nodejs_heap_limit_bytes)',
  warning: MEMORY_EXHAUSTION.heapShare,
  critical: MEMORY_EXHAUSTION.criticalShare,
  summary: (labels, value) =>
    `The heap of ${serviceName(labels)} is ${percent(value)} full right after a major collection`,
  share: (value) => ({ value, of: 'the heap' }),
  confidence: 0.95,
  claims: ({ job = '' }) => [
    {
      what: 'heap that survives a major collection over the heap limit, worst instance',
      query: `max(${select('nodejs_heap_floor_bytes', { job })} / ${select('nodejs_heap_limit_bytes', { job })})`,
      unit: '1',
      threshold: MEMORY_EXHAUSTION.heapShare.value,
    },
    { what: 'heap limit', query: `min(${select('nodejs_heap_limit_bytes', { job })})`, unit: 'By' },
  ],
})

const container = overThreshold({
  type: 'memory.exhaustion',
  component: 'container',
  operation: 'memory limit',
  by: ['job', 'instance'],
  figure: () =>
    'max by (job, instance) (container_memory_working_set_bytes) / max by (job, instance) (container_memory_limit_bytes > 0)',
  warning: MEMORY_EXHAUSTION.containerShare,
  critical: MEMORY_EXHAUSTION.criticalShare,
  summary: (labels, value) =>
    `The container of ${serviceName(labels)} uses ${percent(value)} of the memory that it may use`,
  share: (value) => ({ value, of: 'the memory of the container' }),
  confidence: 0.9,
  claims: ({ job = '' }, window) => [
    {
      what: 'working set over the memory limit of the container, worst instance',
      query: `max(${select('container_memory_working_set_bytes', { job })} / ${select('container_memory_limit_bytes', { job })})`,
      unit: '1',
      threshold: MEMORY_EXHAUSTION.containerShare.value,
    },
    {
      what: 'memory limit of the container',
      query: `min(${select('container_memory_limit_bytes', { job })})`,
      unit: 'By',
    },
    {
      what: 'processes killed for memory',
      query: `sum(increase(${select('container_memory_events_total', { job, container_memory_event: 'oom_kill' })}[${window}]))`,
      unit: '{kill}',
    },
  ],
})

/** A heap or a container that is nearly full: what comes next is a crash. */
export function detectMemoryExhaustion(context: DetectContext) {
  return [...heap(context), ...container(context)]
}
