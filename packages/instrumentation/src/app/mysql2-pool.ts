import type { PoolState } from './pool-metrics.ts'
import { ownerOf } from './prototype-owner.ts'
import { type PoolParts, WatchedPool } from './watched-pool.ts'

interface Queue {
  readonly length: number
}

/** The parts of mysql2's pool that are used here, in version 3. */
interface Mysql2Pool {
  readonly config: {
    readonly connectionLimit?: number
    readonly connectionConfig?: {
      readonly host?: string
      readonly port?: number
      readonly socketPath?: string
      readonly database?: string
    }
  }
  readonly _allConnections: Queue
  readonly _freeConnections: Queue
  readonly _connectionQueue: Queue
  readonly _closed?: boolean
  getConnection(this: Mysql2Pool, callback: Callback): unknown
  releaseConnection(this: Mysql2Pool, connection: object): unknown
  [WATCHED]?: WatchedPool
}

type Callback = (error: unknown, connection?: object) => unknown

const WATCHED = Symbol('chokepoint.pool')

/** Prepares the pool of `mysql2`: the wait for a connection is part of a request's time, and it shows its state. */
export function prepareMysql2Pool(exported: unknown, parts: PoolParts): void {
  const { prototype: start } = exported as { prototype?: Mysql2Pool }
  const prototype = start === undefined ? undefined : ownerOf(start, 'getConnection')
  // The file of a class may be the file of its heir, too.
  if (prototype === undefined || Object.hasOwn(prototype, WATCHED)) return
  Object.defineProperty(prototype, WATCHED, { value: undefined, writable: true })
  const { store } = parts.tracker
  const { getConnection, releaseConnection } = prototype
  prototype.getConnection = function chokepointGetConnection(callback) {
    const pool = watchedOf(this, parts)
    const wait = pool?.wait()
    if (pool === undefined || wait === undefined) return getConnection.call(this, callback)
    // The callback comes in the context of whoever gave the connection back.
    const context = store.getStore()
    return getConnection.call(this, (error, connection) => {
      pool.taken(wait, connection, error)
      if (context === undefined) return callback(error, connection)
      return store.run(context, callback, error, connection)
    })
  }
  prototype.releaseConnection = function chokepointReleaseConnection(connection) {
    this[WATCHED]?.released(connection)
    return releaseConnection.call(this, connection)
  }
}

function watchedOf(pool: Mysql2Pool, parts: PoolParts): WatchedPool | undefined {
  try {
    if (pool[WATCHED] === undefined) {
      const weak = new WeakRef(pool)
      pool[WATCHED] = new WatchedPool(nameOf(pool), () => stateOf(weak.deref()), parts)
    }
    return pool[WATCHED]
  } catch (error) {
    parts.report(error)
    return undefined
  }
}

function stateOf(pool: Mysql2Pool | undefined): PoolState | undefined {
  if (pool === undefined) return undefined
  const all = pool._allConnections.length
  const idle = pool._freeConnections.length
  if (pool._closed === true && all === 0) return undefined
  const limit = pool.config.connectionLimit ?? 0
  return { idle, used: all - idle, pending: pool._connectionQueue.length, limit }
}

function nameOf({ config }: Mysql2Pool): string {
  const {
    host = 'localhost',
    port = 3306,
    socketPath,
    database = '',
  } = config.connectionConfig ?? {}
  return `${socketPath ?? `${host}:${port}`}/${database}`
}
