import type { Call } from './local-root.ts'
import type { PoolState } from './pool-metrics.ts'
import { type PoolParts, WatchedPool } from './watched-pool.ts'

/** The parts of `tarn`'s pool that are used here; Knex and others keep their connections in one. */
export interface TarnPool {
  readonly max: number
  numUsed(): number
  numFree(): number
  numPendingAcquires(): number
  on(event: string, listener: (...args: never[]) => void): unknown
}

/** Whether a pool is one of `tarn`. */
export function isTarnPool(pool: object): pool is TarnPool {
  const { numUsed, numFree, numPendingAcquires, on } = pool as Partial<TarnPool>
  return [numUsed, numFree, numPendingAcquires, on].every((method) => typeof method === 'function')
}

/** Watches a pool of `tarn` by its own events. @param isGone whether it will never be used again */
export function watchTarnPool(
  pool: TarnPool,
  name: string,
  parts: PoolParts,
  isGone: () => boolean = () => false,
): void {
  const weak = new WeakRef(pool)
  const read = (): PoolState | undefined => {
    const alive = weak.deref()
    return alive === undefined || isGone() ? undefined : stateOf(alive)
  }
  const watched = new WatchedPool(name, read, parts)
  const waits = new Map<number, Call>()
  const ended = (id: number): Call | undefined => {
    const wait = waits.get(id)
    waits.delete(id)
    return wait
  }
  pool.on('acquireRequest', (id: number) => {
    const wait = watched.wait()
    if (wait !== undefined) waits.set(id, wait)
  })
  pool.on('acquireSuccess', (id: number, connection: unknown) =>
    watched.taken(ended(id), connection),
  )
  pool.on('acquireFail', (id: number, error: unknown) => watched.taken(ended(id), undefined, error))
  pool.on('release', (connection: unknown) => watched.returned(connection))
}

function stateOf(pool: TarnPool): PoolState {
  return {
    idle: pool.numFree(),
    used: pool.numUsed(),
    pending: pool.numPendingAcquires(),
    limit: pool.max,
  }
}
