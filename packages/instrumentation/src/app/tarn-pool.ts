import type { Call } from './local-root.ts'
import type { PoolState } from './pool-metrics.ts'

/** The parts of `tarn`'s pool that are used here; Knex and others keep their connections in one. */
export interface TarnPool {
  readonly max: number
  numUsed(): number
  numFree(): number
  numPendingAcquires(): number
  on(event: string, listener: (...args: never[]) => void): unknown
}

/** Who is told of waits and connections; `WatchedPool` is one. */
export interface PoolListener {
  wait(): Call | undefined
  taken(wait: Call | undefined, connection: unknown, error?: unknown): void
  released(connection: unknown): void
}

/** Whether a pool is one of `tarn`. */
export function isTarnPool(pool: object): pool is TarnPool {
  const { numUsed, numFree, numPendingAcquires, on } = pool as Partial<TarnPool>
  return [numUsed, numFree, numPendingAcquires, on].every((method) => typeof method === 'function')
}

/** The state of a pool, by its own counters. */
export function tarnState(pool: TarnPool): PoolState {
  return {
    idle: pool.numFree(),
    used: pool.numUsed(),
    pending: pool.numPendingAcquires(),
    limit: pool.max,
  }
}

/** Tells of a pool by its own events. */
export function listenToTarn(pool: TarnPool, listener: PoolListener): void {
  const waits = new Map<number, Call>()
  const ended = (id: number): Call | undefined => {
    const wait = waits.get(id)
    waits.delete(id)
    return wait
  }
  pool.on('acquireRequest', (id: number) => {
    const wait = listener.wait()
    if (wait !== undefined) waits.set(id, wait)
  })
  pool.on('acquireSuccess', (id: number, connection: unknown) => {
    listener.taken(ended(id), connection)
  })
  pool.on('acquireFail', (id: number, error: unknown) => {
    listener.taken(ended(id), undefined, error)
  })
  pool.on('release', (connection: unknown) => listener.released(connection))
}
