import type { Threshold } from './detector.ts'
import { overThreshold } from './over-threshold.ts'
import { select } from './promql-text.ts'
import { serviceName } from './resource.ts'
import { percent } from './wording.ts'

/** From when on garbage collection is a bottleneck. */
export const GC_PRESSURE = {
  gcShare: {
    value: 0.1,
    unit: '1',
    reason: 'a healthy service spends 1 to 3 % of its time in collections',
  },
  criticalGcShare: {
    value: 0.3,
    unit: '1',
    reason: 'a third of all time is lost; V8 may give up soon',
  },
} as const satisfies Record<string, Threshold>

const PAUSES = 'v8js_gc_duration_seconds'

/** Garbage collection that takes a large part of the main thread's time. */
export const detectGcPressure = overThreshold({
  type: 'gc.pressure',
  component: 'garbage collector',
  operation: 'pauses',
  by: ['job', 'instance'],
  figure: (window) => `sum by (job, instance) (rate(${PAUSES}_sum[${window}]))`,
  warning: GC_PRESSURE.gcShare,
  critical: GC_PRESSURE.criticalGcShare,
  summary: (labels, value) =>
    `${serviceName(labels)} spends ${percent(value)} of its time collecting garbage`,
  share: (value) => ({ value, of: 'the time of the main thread' }),
  confidence: 0.9,
  claims: ({ job = '' }, window) => [
    {
      what: 'part of the time spent in garbage collection, worst instance',
      query: `max(sum by (instance) (rate(${select(`${PAUSES}_sum`, { job })}[${window}])))`,
      unit: '1',
      threshold: GC_PRESSURE.gcShare.value,
    },
    {
      what: 'part of the time spent in major collections',
      query: `max(sum by (instance) (rate(${select(`${PAUSES}_sum`, { job, v8js_gc_type: 'major' })}[${window}])))`,
      unit: '1',
    },
    {
      what: 'heap that survives major collections over the heap limit',
      query: `max(${select('nodejs_heap_floor_bytes', { job })} / ${select('nodejs_heap_limit_bytes', { job })})`,
      unit: '1',
    },
  ],
})
