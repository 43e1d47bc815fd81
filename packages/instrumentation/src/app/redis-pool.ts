import type { PoolState } from './pool-metrics.ts'
import { type PoolParts, WatchedPool } from './watched-pool.ts'

/** The parts of node-redis' pool that are used here, in versions 5 and 6. */
interface RedisPool {
  /** Options given by `withCommandOptions` and the like make another object around this one. */
  readonly _self: RedisPool
  readonly idleClients: number
  readonly clientsInUse: number
  readonly tasksQueueLength: number
  readonly isOpen: boolean
  execute(this: RedisPool, task: Task): Promise<unknown>
}

type Task = (client: object) => unknown

interface ClientOptions {
  readonly url?: string
  readonly socket?: { readonly host?: string; readonly port?: number; readonly path?: string }
  readonly database?: number
}

interface PoolClass {
  readonly prototype: RedisPool
  create(this: unknown, client?: ClientOptions, pool?: { readonly maximum?: number }): RedisPool
}

const MAXIMUM_DEFAULT = 100

/** Prepares the pool of `redis`, which lends a connection for as long as a task takes; each command is one. */
export function prepareRedisPool(exported: unknown, parts: PoolParts): void {
  const { RedisClientPool } = exported as { RedisClientPool?: PoolClass }
  if (typeof RedisClientPool?.create !== 'function') return
  const watched = new WeakMap<RedisPool, WatchedPool>()
  const { create, prototype } = RedisClientPool
  RedisClientPool.create = function chokepointCreate(client, options) {
    const pool = create.call(this, client, options)
    try {
      const weak = new WeakRef(pool._self)
      const limit = options?.maximum ?? MAXIMUM_DEFAULT
      const read = (): PoolState | undefined => stateOf(weak.deref(), limit)
      watched.set(pool._self, new WatchedPool(nameOf(client), read, parts))
    } catch (error) {
      parts.report(error)
    }
    return pool
  }

  const { execute } = prototype
  prototype.execute = function chokepointExecute(task) {
    const pool = watched.get(this._self)
    if (pool === undefined) return execute.call(this, task)
    const wait = pool.wait()
    let lent: object | undefined
    const result = execute.call(this, (client) => {
      lent = client
      pool.taken(wait, client)
      return task(client)
    })
    // Whoever waits for the task sees its error; this is only to know when it is over.
    result.then(
      () => pool.released(lent),
      (error) => {
        pool.taken(wait, undefined, error)
        pool.released(lent)
      },
    )
    return result
  }
}

function stateOf(pool: RedisPool | undefined, limit: number): PoolState | undefined {
  if (pool === undefined || !pool.isOpen) return undefined
  return {
    idle: pool.idleClients,
    used: pool.clientsInUse,
    pending: pool.tasksQueueLength,
    limit,
  }
}

function nameOf({ url, socket = {}, database = 0 }: ClientOptions = {}): string {
  const { hostname, port, pathname } = new URL(url ?? 'redis://localhost')
  const address = `${socket.host ?? hostname}:${socket.port ?? (port || 6379)}`
  const number = pathname.length > 1 ? pathname.slice(1) : database
  return `${socket.path ?? address}/${number}`
}
