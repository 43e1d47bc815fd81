import { isTarnPool, listenToTarn, type TarnPool, tarnState } from './tarn-pool.ts'
import { type PoolParts, WatchedPool } from './watched-pool.ts'

/** The parts of Knex's client that are used here. */
interface KnexClient {
  readonly pool?: object
  readonly driverName?: string
  readonly connectionSettings?: {
    readonly host?: string
    readonly port?: number
    readonly database?: string
    readonly filename?: string
  }
  initializePool(this: KnexClient, ...args: unknown[]): unknown
}

/** Prepares `knex`: it keeps the connections of each driver in a pool of its own. */
export function prepareKnexPool(exported: unknown, parts: PoolParts): void {
  const { prototype } = exported as { prototype?: KnexClient }
  const initializePool = prototype?.initializePool
  if (prototype === undefined || typeof initializePool !== 'function') return
  prototype.initializePool = function chokepointInitializePool(...args) {
    const result = initializePool.apply(this, args)
    try {
      const { pool } = this
      if (pool !== undefined && isTarnPool(pool)) watch(this, pool, parts)
    } catch (error) {
      parts.report(error)
    }
    return result
  }
}

function watch(client: KnexClient, pool: TarnPool, parts: PoolParts): void {
  const weak = new WeakRef(client)
  // A client that is destroyed lets go of its pool.
  const read = () => {
    const current = weak.deref()?.pool
    return current !== undefined && isTarnPool(current) ? tarnState(current) : undefined
  }
  listenToTarn(pool, new WatchedPool(nameOf(client), read, parts))
}

function nameOf({ driverName = 'knex', connectionSettings = {} }: KnexClient): string {
  const { host, port, database, filename } = connectionSettings
  if (filename !== undefined) return filename
  const address = [host ?? driverName, port].filter((part) => part !== undefined).join(':')
  return `${address}/${database ?? ''}`
}
