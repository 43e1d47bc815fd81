import type { Threshold } from './detector.ts'
import { overThreshold } from './over-threshold.ts'
import { select } from './promql-text.ts'
import { serviceName } from './resource.ts'
import { seconds } from './wording.ts'

/** From when on work waits for a thread of libuv. */
export const THREADPOOL_SATURATED = {
  delaySeconds: {
    value: 0.05,
    unit: 's',
    reason:
      'an idle pool answers in 0.05 ms; 50 ms is a queue that files, DNS and crypto all wait in',
  },
  criticalDelaySeconds: {
    value: 0.5,
    unit: 's',
    reason: 'a DNS look-up before a call now costs more than the call',
  },
  utilization: {
    value: 0.5,
    unit: '1',
    reason: 'the threads compute: the queue is theirs',
  },
  overLoopDelay: {
    value: 3,
    unit: '1',
    reason:
      'on a machine without a free processor everything is late; the pool must be later than the loop',
  },
} as const satisfies Record<string, Threshold>

const DELAY = 'nodejs_threadpool_delay_seconds'
const LOOP_DELAY = 'nodejs_eventloop_delay_p99_seconds'
const USE = 'nodejs_threadpool_utilization_ratio'

/** More file, DNS, zlib or crypto work than the threads of libuv (4 by default) get done. */
export const detectSaturatedThreadpool = overThreshold({
  type: 'threadpool.saturated',
  component: 'libuv thread pool',
  operation: 'queue',
  by: ['job', 'instance'],
  figure: (window) => `max by (job, instance) (avg_over_time(${DELAY}[${window}]))`,
  and: (window) =>
    `(max by (job, instance) (avg_over_time(${USE}[${window}])) >= ${THREADPOOL_SATURATED.utilization.value}) or ` +
    `(max by (job, instance) (avg_over_time(${DELAY}[${window}])) ` +
    `>= ${THREADPOOL_SATURATED.overLoopDelay.value} * max by (job, instance) (avg_over_time(${LOOP_DELAY}[${window}])))`,
  warning: THREADPOOL_SATURATED.delaySeconds,
  critical: THREADPOOL_SATURATED.criticalDelaySeconds,
  summary: (labels, value) =>
    `Work of ${serviceName(labels)} waits ${seconds(value)} for a thread of libuv's pool`,
  share: (value) => ({ value: value / (value + 0.05), of: 'the time of a task of the pool' }),
  reach: {
    value: 0.5,
    of: 'the requests (those with file, DNS, zlib or crypto work; taken as half)',
  },
  confidence: 0.85,
  claims: ({ job = '' }, window) => [
    {
      what: 'round trip of an empty task through the thread pool, worst instance',
      query: `max(avg_over_time(${select(DELAY, { job })}[${window}]))`,
      unit: 's',
      threshold: THREADPOOL_SATURATED.delaySeconds.value,
    },
    {
      what: 'part of the time that the threads of the pool were on a processor',
      query: `max(avg_over_time(${select(USE, { job })}[${window}]))`,
      unit: '1',
    },
    {
      what: 'event loop delay, p99',
      query: `max(avg_over_time(${select(LOOP_DELAY, { job })}[${window}]))`,
      unit: 's',
    },
  ],
})
