import type { Threshold } from './detector.ts'
import { overThreshold } from './over-threshold.ts'
import { select } from './promql-text.ts'
import { serviceName } from './resource.ts'
import { percent } from './wording.ts'

/** From when on the container's processor quota is a bottleneck. */
export const CPU_THROTTLED = {
  throttledShare: {
    value: 0.1,
    unit: '1',
    reason: 'in one of ten periods (100 ms each) the process stood still until the next one began',
  },
  criticalThrottledShare: {
    value: 0.5,
    unit: '1',
    reason: 'most requests meet a pause of tens of milliseconds',
  },
} as const satisfies Record<string, Threshold>

const THROTTLED = 'container_cpu_throttled_periods_total'
const PERIODS = 'container_cpu_periods_total'

/** A container that the kernel stops because it has used up its processor quota. */
export const detectThrottledCpu = overThreshold({
  type: 'cpu.throttled',
  component: 'container',
  operation: 'processor quota',
  by: ['job', 'instance'],
  figure: (window) =>
    `sum by (job, instance) (rate(${THROTTLED}[${window}])) / sum by (job, instance) (rate(${PERIODS}[${window}]))`,
  warning: CPU_THROTTLED.throttledShare,
  critical: CPU_THROTTLED.criticalThrottledShare,
  summary: (labels, value) =>
    `The container of ${serviceName(labels)} used up its processor quota in ${percent(value)} of the periods and was stopped`,
  share: (value) => ({ value, of: 'the periods of the quota' }),
  confidence: 0.95,
  claims: ({ job = '' }, window) => [
    {
      what: 'periods in which the quota was used up, over all periods, worst instance',
      query: `max(sum by (instance) (rate(${select(THROTTLED, { job })}[${window}])) / sum by (instance) (rate(${select(PERIODS, { job })}[${window}])))`,
      unit: '1',
      threshold: CPU_THROTTLED.throttledShare.value,
    },
    {
      what: 'seconds stopped a second',
      query: `max(sum by (instance) (rate(${select('container_cpu_throttled_time_seconds_total', { job })}[${window}])))`,
      unit: 's',
    },
    {
      what: 'processors that the container may use',
      query: `min(${select('container_cpu_limit', { job })})`,
      unit: '{cpu}',
    },
  ],
})
