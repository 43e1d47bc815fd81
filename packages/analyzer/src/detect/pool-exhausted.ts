import type { Threshold } from './detector.ts'
import { overThreshold } from './over-threshold.ts'
import { select } from './promql-text.ts'
import { serviceName } from './resource.ts'
import { count } from './wording.ts'

/** From when on requests wait for a connection. */
export const POOL_EXHAUSTED = {
  pending: {
    value: 0.5,
    unit: '{request}',
    reason: 'on average over the window: half of the time somebody waits for a connection',
  },
  criticalPending: {
    value: 5,
    unit: '{request}',
    reason: 'the queue is as long as a usual pool of 10 is half full',
  },
  usedShare: {
    value: 0.9,
    unit: '1',
    reason: 'waiting while connections are free is a start, not a shortage',
  },
} as const satisfies Record<string, Threshold>

const POOL = 'db_client_connection_pool_name'
const PENDING = 'db_client_connection_pending_requests'
const COUNT = 'db_client_connection_count'
const LIMIT = 'db_client_connection_limit'
const WAIT = 'db_client_connection_wait_time_seconds'

/** A connection pool whose connections are all taken while requests wait for one. */
export const detectExhaustedPool = overThreshold({
  type: 'pool.exhausted',
  component: (labels) => `pool ${labels[POOL] || 'without a name'}`,
  operation: 'getting a connection',
  by: ['job', 'instance', POOL],
  figure: (window) => `sum by (job, instance, ${POOL}) (avg_over_time(${PENDING}[${window}]))`,
  and: (window) =>
    `sum by (job, instance, ${POOL}) (avg_over_time(${select(COUNT, { db_client_connection_state: 'used' })}[${window}])) ` +
    `/ sum by (job, instance, ${POOL}) (last_over_time(${LIMIT}[${window}]) or sum without (db_client_connection_state) (avg_over_time(${COUNT}[${window}]))) ` +
    `>= ${POOL_EXHAUSTED.usedShare.value}`,
  warning: POOL_EXHAUSTED.pending,
  critical: POOL_EXHAUSTED.criticalPending,
  summary: (labels, value, window) =>
    `${count(value)} requests of ${serviceName(labels)} wait for a connection of the pool ${labels[POOL] ?? ''} ` +
    `on average over the last ${window}, and all its connections are taken`,
  share: (value) => ({ value: value / (value + 1), of: 'the time of a query' }),
  reach: { value: 1, of: 'the requests that use the pool' },
  confidence: 0.9,
  claims: (labels, window) => {
    const tests = { job: labels.job ?? '', [POOL]: labels[POOL] ?? '' }
    return [
      {
        what: 'requests that wait for a connection, on average, worst instance',
        query: `max(sum by (instance) (avg_over_time(${select(PENDING, tests)}[${window}])))`,
        unit: '{request}',
        threshold: POOL_EXHAUSTED.pending.value,
      },
      {
        what: 'connections in use',
        query: `max(avg_over_time(${select(COUNT, { ...tests, db_client_connection_state: 'used' })}[${window}]))`,
        unit: '{connection}',
      },
      {
        what: 'connections that the pool may open',
        query: `max(${select(LIMIT, tests)})`,
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
