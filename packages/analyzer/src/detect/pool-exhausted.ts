import type { Labels } from '../model/labels.ts'
import type { Threshold } from './detector.ts'
import { overThreshold } from './over-threshold.ts'
import { select } from './promql-text.ts'
import { serviceName } from './resource.ts'
import { count } from './wording.ts'

/** From when on requests wait for a connection. */
export const POOL_EXHAUSTED = {
  pending: {
    value: 0.2,
    unit: '{request}',
    reason: 'on average over the window: a fifth of the time somebody waits for a connection',
  },
  criticalPending: {
    value: 5,
    unit: '{request}',
    reason: 'the queue is as long as a usual pool of 10 is half full',
  },
} as const satisfies Record<string, Threshold>

const POOL = 'db_client_connection_pool_name'
const PENDING = 'db_client_connection_pending_requests'
const COUNT = 'db_client_connection_count'
const LIMIT = 'db_client_connection_limit'
const WAIT = 'db_client_connection_wait_time_seconds'

/**
 * How many wait on average. By Little's law that is the seconds waited a second, which misses nothing between two
 * exports; where nobody reports waiting times, the number that waits at each export.
 */
const waiting = (window: string, tests: Labels = {}) =>
  `(rate(${select(`${WAIT}_sum`, tests)}[${window}]) or avg_over_time(${select(PENDING, tests)}[${window}]))`

/** A connection pool whose connections are all taken while requests wait for one. */
export const detectExhaustedPool = overThreshold({
  type: 'pool.exhausted',
  component: (labels) => `pool ${labels[POOL] || 'without a name'}`,
  operation: 'getting a connection',
  by: ['job', 'instance', POOL],
  figure: (window) => `sum by (job, instance, ${POOL}) (${waiting(window)})`,
  // Waiting while connections are free is a start, not a shortage. A limit that nobody knows is no limit to be under.
  and: (window) => {
    const used = select(COUNT, { db_client_connection_state: 'used' })
    const most = `sum by (job, instance, ${POOL}) (max_over_time(${used}[${window}]))`
    return `${most} >= (max by (job, instance, ${POOL}) (last_over_time(${LIMIT}[${window}])) > 0 or ${most})`
  },
  warning: POOL_EXHAUSTED.pending,
  critical: POOL_EXHAUSTED.criticalPending,
  summary: (labels, value, window) =>
    `${count(value)} requests of ${serviceName(labels)} wait for a connection of the pool ${labels[POOL] ?? ''} ` +
    `on average over the last ${window}, and all its connections are taken`,
  share: (value) => ({ value: value / (value + 1), of: 'the time of a query' }),
  reach: { value: 1, of: 'the requests that use the pool' },
  saving: (value, requestsPerSecond) => (1000 * value) / requestsPerSecond,
  confidence: 0.9,
  claims: (labels, window) => {
    const tests = { job: labels.job ?? '', [POOL]: labels[POOL] ?? '' }
    return [
      {
        what: 'requests that wait for a connection, on average, worst instance',
        query: `max(sum by (instance) (${waiting(window, tests)}))`,
        unit: '{request}',
        threshold: POOL_EXHAUSTED.pending.value,
      },
      {
        what: 'connections in use at most',
        query: `max(max_over_time(${select(COUNT, { ...tests, db_client_connection_state: 'used' })}[${window}]))`,
        unit: '{connection}',
      },
      {
        what: 'connections that the pool may open',
        query: `max(${select(LIMIT, tests)} > 0)`,
        unit: '{connection}',
      },
      {
        what: 'p95 of the time to get a connection',
        query: `histogram_quantile(0.95, sum by (le) (rate(${select(`${WAIT}_bucket`, tests)}[${window}])))`,
        unit: 's',
      },
      {
        what: 'mean time that a connection is held',
        query: `sum(rate(${select('db_client_connection_use_time_seconds_sum', tests)}[${window}])) / sum(rate(${select('db_client_connection_use_time_seconds_count', tests)}[${window}]))`,
        unit: 's',
      },
    ]
  },
})
