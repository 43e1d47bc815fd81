import { AsyncResource } from 'node:async_hooks'
import { type Context, ROOT_CONTEXT } from '@opentelemetry/api'
import { nowMs } from '../shared/own-clock.ts'
import { type ErrorSink, guarded } from './guard.ts'
import type { Call } from './local-root.ts'
import { Pool, type PoolMetrics, type PoolState } from './pool-metrics.ts'
import { ownerOf } from './prototype-owner.ts'
import type { RequestTracker } from './request-tracker.ts'

interface PgPoolOptions {
  readonly max?: number
  readonly host?: string
  readonly port?: number
  readonly database?: string
  readonly connectionString?: string
}

interface PgPool {
  readonly options: PgPoolOptions
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
  readonly ended?: boolean
  on(event: string, listener: (...args: unknown[]) => void): unknown
  connect: Connect
  query: Query
  [POOL]?: Pool
}

interface PgPoolClient {
  [TAKEN_AT]?: number | undefined
}

type Connected = (error: unknown, client?: PgPoolClient, release?: unknown) => unknown
type Connect = (this: PgPool, callback?: Connected) => unknown
type Query = (this: PgPool, ...args: unknown[]) => unknown

const POOL = Symbol('chokepoint.pool')
/** When a connection was taken out of its pool, in ms. */
const TAKEN_AT = Symbol('chokepoint.taken')

interface PoolHooks {
  readonly tracker: RequestTracker
  readonly pools: PoolMetrics
  readonly report: ErrorSink
}

/** Prepares `pg-pool`: the wait for a connection is part of a request's time, and the pool shows its state. */
export function preparePgPool(bound: object, hooks: PoolHooks): void {
  // `pg.Pool` only binds the client class; `connect` lies on the class beneath.
  const prototype = ownerOf(bound as PgPool, 'connect')
  if (prototype === undefined) return
  const { connect, query } = prototype
  /** The pool itself asks for a connection, for a query whose result is a promise: nobody else is called back. */
  let forPromise = false

  prototype.query = function chokepointPoolQuery(...args) {
    forPromise = !args.some((argument) => typeof argument === 'function')
    try {
      return query.apply(this, args)
    } finally {
      forPromise = false
    }
  }

  prototype.connect = function chokepointConnect(callback) {
    const wait = beginWait(this, hooks)
    if (wait === undefined) return connect.call(this, callback)
    if (typeof callback === 'function') {
      return connect.call(this, forPromise ? wait.endedByPool(callback) : wait.endedBy(callback))
    }
    const result = connect.call(this) as Promise<PgPoolClient>
    return result.then(
      (client) => {
        wait.end(undefined, client)
        return client
      },
      (error) => {
        wait.end(error, undefined)
        throw error
      },
    )
  }
}

function beginWait(pgPool: PgPool, hooks: PoolHooks): Wait | undefined {
  try {
    return new Wait(poolOf(pgPool, hooks), hooks)
  } catch (error) {
    hooks.report(error)
    return undefined
  }
}

/** One wait for a connection. */
class Wait {
  readonly #pool: Pool
  readonly #caller: Context | undefined
  readonly #call: Call
  readonly #hooks: PoolHooks

  constructor(pool: Pool, hooks: PoolHooks) {
    this.#pool = pool
    this.#caller = hooks.tracker.caller
    this.#call = hooks.tracker.startCall(pool.shape, true, this.#caller)
    this.#hooks = hooks
  }

  /** The app's callback, in the app's context: it is called in that of whoever gave the connection back. */
  endedBy(callback: Connected): Connected {
    const caller = new AsyncResource('chokepoint.pool')
    return (error, client, release) => {
      this.end(error, client)
      return caller.runInAsyncScope(callback, undefined, error, client, release)
    }
  }

  /** The pool's own callback, which makes the query that the caller wants. */
  endedByPool(callback: Connected): Connected {
    return (error, client, release) => {
      this.end(error, client)
      const { tracker } = this.#hooks
      const before = tracker.standInFor(this.#caller ?? ROOT_CONTEXT)
      try {
        return callback(error, client, release)
      } finally {
        tracker.standInFor(before)
      }
    }
  }

  end(error: unknown, client: PgPoolClient | undefined): void {
    try {
      this.#pool.recordWait(this.#hooks.tracker.endCall(this.#call, undefined))
      if (client !== undefined) client[TAKEN_AT] = this.#call.endMs
      const { message } = (error ?? {}) as { message?: string }
      if (message !== undefined && /timeout/i.test(message)) this.#pool.countTimeout()
    } catch (broken) {
      this.#hooks.report(broken)
    }
  }
}

function poolOf(pgPool: PgPool, { pools, report }: PoolHooks): Pool {
  const known = pgPool[POOL]
  if (known !== undefined) return known
  const pool = new Pool(pools, nameOf(pgPool.options))
  pgPool[POOL] = pool
  pgPool.on(
    'release',
    guarded(report, (_error, client) => recordUse(pool, client as PgPoolClient | undefined)),
  )
  // Not to be kept alive by being watched.
  const weak = new WeakRef(pgPool)
  pools.watch(pool, () => stateOf(weak.deref()))
  return pool
}

function recordUse(pool: Pool, client: PgPoolClient | undefined): void {
  const takenAt = client?.[TAKEN_AT]
  if (client === undefined || takenAt === undefined) return
  client[TAKEN_AT] = undefined
  pool.recordUse(nowMs() - takenAt)
}

/** Undefined when the pool is gone, or ended with all of its connections. */
function stateOf(pgPool: PgPool | undefined): PoolState | undefined {
  if (pgPool === undefined) return undefined
  const { totalCount, idleCount, waitingCount, options, ended = false } = pgPool
  if (ended && totalCount === 0) return undefined
  const limit = ended ? 0 : (options.max ?? 10)
  return { idle: idleCount, used: totalCount - idleCount, pending: waitingCount, limit }
}

/** `host:port/database`, without user and password. */
function nameOf(options: PgPoolOptions): string {
  const { connectionString } = options
  if (connectionString !== undefined && URL.canParse(connectionString)) {
    const { hostname, port, pathname } = new URL(connectionString)
    return `${hostname || 'localhost'}:${port || 5432}${pathname}`
  }
  const environment = process.env
  const host = options.host ?? environment.PGHOST ?? 'localhost'
  const port = options.port ?? environment.PGPORT ?? 5432
  return `${host}:${port}/${options.database ?? environment.PGDATABASE ?? ''}`
}
