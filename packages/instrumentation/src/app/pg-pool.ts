import { AsyncLocalStorage } from 'node:async_hooks'
import { type ErrorSink, guarded } from './guard.ts'
import type { Call } from './local-root.ts'
import { Pool, type PoolMetrics } from './pool-metrics.ts'
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
  on(event: string, listener: Listener): unknown
  connect: Connect
  [POOL]?: Pool
}

interface PgPoolClient {
  [TAKEN_AT]?: number | undefined
}

type Listener = (...args: unknown[]) => void
type Connected = (error: unknown, client?: PgPoolClient, release?: unknown) => unknown
type Connect = (this: PgPool, callback?: Connected) => unknown

const POOL = Symbol('chokepoint.pool')
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
  const connect = prototype.connect
  prototype.connect = function chokepointConnect(callback) {
    const waiting = beginWait(this, hooks)
    if (waiting === undefined) return connect.call(this, callback)
    if (typeof callback === 'function') {
      // The callback comes in the context of whoever gave the connection back.
      const run = AsyncLocalStorage.bind(callback)
      const result = connect.call(this, (error, client, release) => {
        waiting(error)
        return run(error, client, release)
      })
      return result
    }
    const result = connect.call(this) as Promise<unknown>
    return result.then(
      (client) => {
        waiting(undefined)
        return client
      },
      (error) => {
        waiting(error)
        throw error
      },
    )
  }
}

/** Begins a wait; the answer ends it. */
function beginWait(pgPool: PgPool, hooks: PoolHooks): ((error: unknown) => void) | undefined {
  try {
    const pool = poolOf(pgPool, hooks)
    const call: Call = hooks.tracker.startCall(pool.shape)
    queueMicrotask(() => show(pool, pgPool))
    return (error) => {
      try {
        pool.recordWait(hooks.tracker.endCall(call, undefined))
        if (/timeout/i.test((error as Error | undefined)?.message ?? '')) pool.countTimeout()
        show(pool, pgPool)
      } catch (broken) {
        hooks.report(broken)
      }
    }
  } catch (error) {
    hooks.report(error)
    return undefined
  }
}

function poolOf(pgPool: PgPool, { pools, report }: PoolHooks): Pool {
  const known = pgPool[POOL]
  if (known !== undefined) return known
  const pool = new Pool(pools, nameOf(pgPool.options))
  pgPool[POOL] = pool
  const listen = (event: string, listener: Listener): void => {
    pgPool.on(event, guarded(report, listener))
  }
  listen('acquire', (client) => {
    ;(client as PgPoolClient)[TAKEN_AT] = performance.now()
  })
  listen('release', (_error, client) => {
    released(pool, client as PgPoolClient)
    queueMicrotask(() => show(pool, pgPool))
  })
  listen('connect', () => show(pool, pgPool))
  listen('remove', () => show(pool, pgPool))
  return pool
}

function released(pool: Pool, client: PgPoolClient): void {
  const takenAt = client?.[TAKEN_AT]
  if (takenAt === undefined) return
  client[TAKEN_AT] = undefined
  pool.recordUse(performance.now() - takenAt)
}

function show(pool: Pool, pgPool: PgPool): void {
  const { totalCount, idleCount, waitingCount, options } = pgPool
  const limit = pgPool.ended === true ? 0 : (options.max ?? 10)
  pool.show({ idle: idleCount, used: totalCount - idleCount, pending: waitingCount, limit })
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
