import type { PoolState } from './pool-metrics.ts'
import { type PoolParts, WatchedPool } from './watched-pool.ts'

/** The parts of MongoDB's connection pool that are used here, in versions 4 to 7. */
interface MongoPool {
  readonly address: string
  readonly options: { readonly maxPoolSize?: number }
  readonly closed: boolean
  readonly totalConnectionCount: number
  readonly availableConnectionCount: number
  readonly currentCheckedOutCount: number
  readonly waitQueueSize: number
  checkOut(this: MongoPool, ...args: unknown[]): unknown
  checkIn(this: MongoPool, connection: object): unknown
  [WATCHED]?: WatchedPool
}

type Callback = (error: unknown, connection?: object) => unknown

const WATCHED = Symbol('chokepoint.pool')

/**
 * Prepares the pools of `mongodb`, one for each server: what its CMAP events tell, read where they are told from, and
 * the wait for a connection is part of a request's time.
 */
export function prepareMongoPool(exported: unknown, parts: PoolParts): void {
  const { ConnectionPool } = exported as { ConnectionPool?: { prototype: MongoPool } }
  const prototype = ConnectionPool?.prototype
  if (typeof prototype?.checkOut !== 'function') return
  const { checkOut, checkIn } = prototype
  prototype.checkOut = function chokepointCheckOut(...args) {
    const pool = watchedOf(this, parts)
    if (pool === undefined) return checkOut.apply(this, args)
    const last = args.at(-1)
    if (typeof last !== 'function') {
      return pool.awaited(() => checkOut.apply(this, args) as Promise<object>)
    }
    // Up to version 6.3 there is a callback.
    const callback = last as Callback
    const wait = pool.wait()
    // Pushed, not assigned: see node-waits.ts.
    args.pop()
    args.push(((error, connection) => {
      pool.taken(wait, connection, error)
      return callback(error, connection)
    }) satisfies Callback)
    return checkOut.apply(this, args)
  }
  prototype.checkIn = function chokepointCheckIn(connection) {
    this[WATCHED]?.released(connection)
    return checkIn.call(this, connection)
  }
}

function watchedOf(pool: MongoPool, parts: PoolParts): WatchedPool | undefined {
  try {
    if (pool[WATCHED] === undefined) {
      const weak = new WeakRef(pool)
      pool[WATCHED] = new WatchedPool(pool.address, () => stateOf(weak.deref()), parts)
    }
    return pool[WATCHED]
  } catch (error) {
    parts.report(error)
    return undefined
  }
}

function stateOf(pool: MongoPool | undefined): PoolState | undefined {
  if (pool === undefined || pool.closed) return undefined
  return {
    idle: pool.availableConnectionCount,
    used: pool.currentCheckedOutCount,
    pending: pool.waitQueueSize,
    limit: pool.options.maxPoolSize ?? 0,
  }
}
