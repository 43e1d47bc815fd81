import type { BottleneckCandidate } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'
import { Figures } from './answers.ts'
import type { DetectContext, Suspicion, Threshold } from './detector.ts'
import { measure } from './evidence.ts'
import { impactOf } from './impact.ts'
import { durationText, select } from './promql-text.ts'
import { resourceOf, serviceName } from './resource.ts'
import { readTraffic, type Traffic } from './traffic.ts'
import { count, percent, seconds } from './wording.ts'

/** From when on repeated statements are an N+1. */
export const DB_N_PLUS_ONE = {
  callsPerRequest: {
    value: 5,
    unit: '{call}',
    reason: 'a page needs one or two of a kind; five alike are a loop over rows',
  },
  timeShare: {
    value: 0.1,
    unit: '1',
    reason: 'repeated calls that take less of the route do not limit it',
  },
  savingSeconds: {
    value: 0.02,
    unit: 's',
    reason: 'saving this much a request is worth it, however slow the rest of the route is',
  },
  criticalCallsPerRequest: {
    value: 30,
    unit: '{call}',
    reason: 'each further row costs a round trip: the page gets slower with its data',
  },
  requests: { value: 10, unit: '{request}', reason: 'fewer requests may be one odd visitor' },
} as const satisfies Record<string, Threshold>

const BY = ['job', 'http_route', 'call_kind', 'call_target', 'call_shape']
const DATABASE = { call_kind: { matches: 'db|database|sql' } }
const WAITING = { matches: `${DATABASE.call_kind.matches}|pool` }
const SHAPE_LENGTH_MAX = 200

/** One statement shape that a request runs again and again: the loop should be one statement. */
export function detectNPlusOne(context: DetectContext): readonly Suspicion[] {
  const window = durationText(context.windowMs)
  const ask = (suffix: string) =>
    new Figures(
      context,
      `sum by (${BY.join(', ')}) (rate(${select(`request_child_calls${suffix}`, DATABASE)}[${window}]))`,
      BY,
    )
  const sums = ask('_sum')
  const services = readTraffic(context)
  const routes = readTraffic(context, ['job', 'http_route'])
  const times = readDatabaseTimes(context)
  const databaseOf = readOnlyDatabase(context)
  const found: Suspicion[] = []
  for (const { labels, value: requestsPerSecond } of ask('_count').rows()) {
    if (requestsPerSecond * (context.windowMs / 1000) < DB_N_PLUS_ONE.requests.value) continue
    const calls = (sums.of(labels) ?? 0) / requestsPerSecond
    const service = services.of(labels)
    const route = routes.of(labels)
    if (calls < DB_N_PLUS_ONE.callsPerRequest.value || !service || !route) continue
    const waited = times.waited(labels, route, calls)
    // One statement for all rows would still cost about one of them.
    const saving = Math.min(waited, route.meanSeconds) * (1 - 1 / calls)
    const timeShare = saving / route.meanSeconds
    const { timeShare: shareMin, savingSeconds: savingMin } = DB_N_PLUS_ONE
    if (timeShare < shareMin.value && saving < savingMin.value) continue
    const database = databaseOf(labels)
    const row = { labels, calls, requestsPerSecond, saving, timeShare, service, database }
    found.push((own) => [describe(own, row)])
  }
  return found
}

/**
 * How long a request of a route waits for its database calls, and for a connection to make them: by the time
 * split where there is one, else the number of calls times what a call takes in this service.
 */
function readDatabaseTimes(context: DetectContext) {
  const window = durationText(context.windowMs)
  const split = (wait_kind: string, by: readonly string[]) =>
    new Figures(
      context,
      `sum by (${by.join(', ')}) (rate(${select('request_time_split_seconds_sum', { wait_kind: { matches: wait_kind } })}[${window}]))`,
      by,
    )
  const calling = split(DATABASE.call_kind.matches, ['job', 'http_route', 'wait_target'])
  const queueing = split('pool', ['job', 'http_route'])
  const operation = 'db_client_operation_duration_seconds'
  const mean = new Figures(
    context,
    `sum by (job) (rate(${operation}_sum[${window}])) / sum by (job) (rate(${operation}_count[${window}]))`,
    ['job'],
  )
  return {
    waited(labels: Labels, route: Traffic, calls: number): number {
      const busy = calling.of({ ...labels, wait_target: labels.call_target ?? '' })
      if (busy === undefined) return calls * (mean.of(labels) ?? 0)
      return (busy + (queueing.of(labels) ?? 0)) / route.requestsPerSecond
    },
  }
}

/**
 * The database of each service that uses one only. Child calls do not say where they went; that place lets
 * the ledger tell which other services suffer.
 */
function readOnlyDatabase(context: DetectContext): (labels: Labels) => Labels {
  const by = ['job', 'db_system_name', 'server_address', 'server_port']
  const calls = new Figures(
    context,
    `group by (${by.join(', ')}) (db_client_operation_duration_seconds_count)`,
    by,
  )
  return ({ job }) => {
    const used = [...calls.rows()].filter(({ labels }) => labels.job === job)
    const [{ labels: only } = { labels: {} as Labels }] = used
    if (used.length !== 1 || !only.db_system_name || !only.server_address) return {}
    return {
      'db.system.name': only.db_system_name,
      'server.address': only.server_address,
      ...(only.server_port ? { 'server.port': only.server_port } : {}),
    }
  }
}

interface NPlusOne {
  readonly labels: Labels
  readonly calls: number
  readonly requestsPerSecond: number
  /** Seconds a request of the route. */
  readonly saving: number
  readonly timeShare: number
  readonly service: Traffic
  readonly database: Labels
}

function describe(context: DetectContext, found: NPlusOne): BottleneckCandidate {
  const { labels, calls, requestsPerSecond, saving, timeShare, service, database } = found
  const { http_route: route = '', call_shape = '' } = labels
  const shape = call_shape.slice(0, SHAPE_LENGTH_MAX)
  const severity =
    calls >= DB_N_PLUS_ONE.criticalCallsPerRequest.value ? 'critical' : ('warning' as const)
  const reach = Math.min(1, requestsPerSecond / service.requestsPerSecond)
  return {
    type: 'db.n_plus_one',
    severity,
    resource: {
      ...resourceOf(labels),
      ...database,
    },
    component: route,
    operation: shape,
    summary:
      `${serviceName(labels)} runs "${shape}" ${count(calls)} times for one request of ${route}; ` +
      `one statement for all would save about ${seconds(saving)}, ${percent(timeShare)} of the time of that route`,
    impact: impactOf({
      severity,
      share: { value: timeShare, of: `the time of ${route}` },
      reach: { value: reach, of: 'the requests' },
      savingMs: 1000 * saving * reach,
    }),
    confidence: calls >= 2 * DB_N_PLUS_ONE.callsPerRequest.value ? 0.95 : 0.8,
    evidence: measure(context, claims(context, labels)),
  }
}

function claims(context: DetectContext, labels: Labels) {
  const window = durationText(context.windowMs)
  const tests = Object.fromEntries(BY.map((name) => [name, labels[name] ?? '']))
  const { job = '', http_route = '' } = labels
  const rate = (metric: string, by: Parameters<typeof select>[1]) =>
    `sum(rate(${select(metric, by)}[${window}]))`
  const requests = 'http_server_request_duration_seconds'
  return [
    {
      what: 'calls of this statement in one request',
      query: `${rate('request_child_calls_sum', tests)} / ${rate('request_child_calls_count', tests)}`,
      unit: '{call}',
      threshold: DB_N_PLUS_ONE.callsPerRequest.value,
    },
    {
      what: `mean time of ${http_route}`,
      query: `${rate(`${requests}_sum`, { job, http_route })} / ${rate(`${requests}_count`, { job, http_route })}`,
      unit: 's',
    },
    {
      what: 'share of that time spent waiting for the database and for a connection to it',
      query: `${rate('request_time_split_seconds_sum', { job, http_route, wait_kind: WAITING })} / ${rate(`${requests}_sum`, { job, http_route })}`,
      unit: '1',
      threshold: DB_N_PLUS_ONE.timeShare.value,
    },
    {
      what: 'requests a second that do this',
      query: rate('request_child_calls_count', tests),
      unit: '{request}/s',
    },
  ]
}
