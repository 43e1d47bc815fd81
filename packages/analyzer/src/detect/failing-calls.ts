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
}

const HTTP: FailingKind = {
  metric: 'http_client_request_duration_seconds_count',
  by: ['job', 'server_address', 'server_port'],
}

/** The calls that can fail: over HTTP, and to a database. */
export const FAILING_KINDS: readonly FailingKind[] = [
  HTTP,
  {
    metric: 'db_client_operation_duration_seconds_count',
    by: ['job', 'db_system_name', 'server_address', 'server_port'],
  },
]

/** Tells that the service itself was seen before the window, so that a new counter began at 0. */
const WITNESS = 'http_server_request_duration_seconds_count'
/** 4xx are the caller's own mistakes; OpenTelemetry marks them as errors of the client, too. */
const FAILED = { error_type: { matches: '5..|[^0-9].*' } }

/** PromQL for the calls of the window that failed; with these labels only. */
export function failedCalls({ metric }: FailingKind, window: string, tests: Labels = {}): string {
  const witness = select(WITNESS, { job: tests.job })
  return increaseWithBirth(select(metric, { ...tests, ...FAILED }), window, witness)
}

/** PromQL for all calls of the window, failed ones among them. */
export function allCalls({ metric }: FailingKind, window: string, tests: Labels = {}): string {
  return increaseWithBirth(select(metric, tests), window, select(WITNESS, { job: tests.job }))
}

/** What a service calls, in one name: `127.0.0.1:7001`, `postgresql db:5432`. */
export function dependencyName(labels: Labels): string {
  const { db_system_name = '', server_address = '', server_port = '' } = labels
  const address = server_port === '' ? server_address : `${server_address}:${server_port}`
  return [db_system_name, address].filter(Boolean).join(' ') || 'an unnamed server'
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
  return kind === HTTP ? findPeer(labels) : undefined
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
