import type { Threshold } from './detector.ts'
import { overThreshold } from './over-threshold.ts'
import { select } from './promql-text.ts'
import { serviceName } from './resource.ts'
import { percent } from './wording.ts'

/** From when on the main thread has no time left. */
export const CPU_SATURATED = {
  utilization: {
    value: 0.9,
    unit: '1',
    reason: 'over 90 % a queue in front of one thread is ten times as long as at 50 %',
  },
  criticalUtilization: {
    value: 0.97,
    unit: '1',
    reason: 'the thread is never idle: each further request only makes the queue longer',
  },
} as const satisfies Record<string, Threshold>

const UTILIZATION = 'nodejs_eventloop_utilization_ratio'

/** A Node.js process whose one JavaScript thread is busy all the time. */
export const detectSaturatedCpu = overThreshold({
  type: 'cpu.saturated',
  component: 'main thread',
  operation: 'JavaScript',
  by: ['job', 'instance'],
  figure: (window) => `max by (job, instance) (avg_over_time(${UTILIZATION}[${window}]))`,
  warning: CPU_SATURATED.utilization,
  critical: CPU_SATURATED.criticalUtilization,
  summary: (labels, value, window) =>
    `The main thread of ${serviceName(labels)} is busy ${percent(value)} of the time over the last ${window}`,
  share: (value) => ({ value, of: 'the main thread' }),
  confidence: 0.9,
  claims: ({ job = '' }, window) => [
    {
      what: 'event loop utilization, worst instance',
      query: `max(avg_over_time(${select(UTILIZATION, { job })}[${window}]))`,
      unit: '1',
      threshold: CPU_SATURATED.utilization.value,
    },
    {
      what: 'event loop delay, p99',
      query: `max(avg_over_time(${select('nodejs_eventloop_delay_p99_seconds', { job })}[${window}]))`,
      unit: 's',
    },
    {
      what: 'processor time of the process over all processors',
      query: `max(sum by (instance) (avg_over_time(${select('process_cpu_utilization_ratio', { job })}[${window}])))`,
      unit: '1',
    },
  ],
})
