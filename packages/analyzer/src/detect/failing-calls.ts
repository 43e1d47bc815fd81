import type { Labels } from '../model/labels.ts'
import { Figures } from './answers.ts'
import type { DetectContext } from './detector.ts'
import { type FindPeer, readPeers } from './peers.ts'
import { durationText, increaseWithBirth, select } from './promql-text.ts'

/** A kind of call whose failures are counted. */
export interface FailingKind {
  readonly metric: string
  /** `job` first. */
  readonly by: readonly string[]
  /** Values of `error.type`, as a regular expression, that are not the caller's own mistakes. */
  readonly failed: string
}

/** 4xx are the caller's own mistakes; OpenTelemetry marks them as errors of the client, too. */
const HTTP_FAILED = '5..|[^0-9].*'
/** The codes of gRPC that are a server's fault or say that it has no room; of AWS, what can only mean the same. */
const RPC_FAILED = [
  ...[
    '5..',
    'UNKNOWN',
    'DEADLINE_EXCEEDED',
    'UNIMPLEMENTED',
    'INTERNAL',
    'UNAVAILABLE',
    'DATA_LOSS',
  ],
  ...['RESOURCE_EXHAUSTED', 'E[A-Z]+', '.*(Error|Throttl|Timeout|TooMany|SlowDown|Unavailable).*'],
].join('|')

const HTTP: FailingKind = {
  metric: 'http_client_request_duration_seconds_count',
  by: ['job', 'server_address', 'server_port'],
  failed: HTTP_FAILED,
}
const RPC: FailingKind = {
  metric: 'rpc_client_call_duration_seconds_count',
  by: ['job', 'rpc_system_name', 'server_address', 'server_port'],
  failed: RPC_FAILED,
}

/** The calls that can fail: over HTTP, of remote procedures, and to a database. */
export const FAILING_KINDS: readonly FailingKind[] = [
  HTTP,
  RPC,
  {
    metric: 'db_client_operation_duration_seconds_count',
    by: ['job', 'db_system_name', 'server_address', 'server_port'],
    failed: HTTP_FAILED,
  },
]

/** Tells that the service itself was seen before the window, so that a new counter began at 0. */
const WITNESS = 'http_server_request_duration_seconds_count'

/** PromQL for the calls of the window that failed; with these labels only. */
export function failedCalls(kind: FailingKind, window: string, tests: Labels = {}): string {
  const witness = select(WITNESS, { job: tests.job })
  const failed = select(kind.metric, { ...tests, error_type: { matches: kind.failed } })
  return increaseWithBirth(failed, window, witness)
}

/** PromQL for all calls of the window, failed ones among them. */
export function allCalls({ metric }: FailingKind, window: string, tests: Labels = {}): string {
  return increaseWithBirth(select(metric, tests), window, select(WITNESS, { job: tests.job }))
}

/** What a service calls, in one name: `127.0.0.1:7001`, `postgresql db:5432`. */
export function dependencyName(labels: Labels): string {
  const {
    db_system_name = '',
    rpc_system_name = '',
    server_address = '',
    server_port = '',
  } = labels
  const address = server_port === '' ? server_address : `${server_address}:${server_port}`
  return (
    [db_system_name || rpc_system_name, address].filter(Boolean).join(' ') || 'an unnamed server'
  )
}

/** A dependency that fails, and the service behind it when it can be told. */
export interface FailingDependency {
  readonly kind: FailingKind
  readonly labels: Labels
  readonly errors: number
  readonly peer: string | undefined
}

/** All calls of the window that failed, by dependency. */
export function readFailingDependencies(context: DetectContext): FailingDependency[] {
  const window = durationText(context.windowMs)
  const findPeer = readPeers(context)
  return FAILING_KINDS.flatMap((kind) => {
    const by = kind.by.join(', ')
    const failed = new Figures(context, `sum by (${by}) (${failedCalls(kind, window)})`, kind.by)
    return [...failed.rows()].map(({ labels, value }) => ({
      kind,
      labels,
      errors: value,
      peer: peerOf(kind, labels, findPeer),
    }))
  })
}

function peerOf(kind: FailingKind, labels: Labels, findPeer: FindPeer): string | undefined {
  return kind === HTTP || kind === RPC ? findPeer(labels) : undefined
}

/** The labels of a dependency as tests of a selector; an absent one must be absent. */
export function dependencyTests({ kind, labels }: FailingDependency): Labels {
  return Object.fromEntries(kind.by.map((name) => [name, labels[name] ?? '']))
}

/** Where a dependency is, for the resource of a bottleneck. */
export function dependencyResource({ labels, peer }: FailingDependency): Labels {
  const { db_system_name = '', server_address = '', server_port = '' } = labels
  return {
    ...(server_address === '' ? {} : { 'server.address': server_address }),
    ...(server_port === '' ? {} : { 'server.port': server_port }),
    ...(db_system_name === '' ? {} : { 'db.system.name': db_system_name }),
    ...(peer === undefined ? {} : { 'peer.service': peer }),
  }
}
