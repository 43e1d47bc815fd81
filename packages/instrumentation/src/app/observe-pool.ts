import type { NamedPool, ObservedPool, PoolReading } from './observed-pools.ts'
import { processWide } from './process-wide.ts'
import { isTarnPool, listenToTarn, tarnState } from './tarn-pool.ts'

/** How a pool is observed. */
export interface ObserveOptions {
  /** `db.client.connection.pool.name`: pools of the same name add up. */
  readonly name: string
}

/** The parts of `generic-pool`'s pool that are used here. */
interface GenericPool {
  readonly available: number
  readonly borrowed: number
  readonly pending: number
  readonly max: number
  acquire(this: GenericPool, ...args: unknown[]): PromiseLike<object>
  release(this: GenericPool, resource: object, ...args: unknown[]): unknown
  destroy(this: GenericPool, resource: object, ...args: unknown[]): unknown
}

/**
 * Shows a pool that is not known by itself as `db.client.connection.*`: one of `generic-pool` or `tarn`, or any other
 * by a function that reads its state (and `acquire` and `released` of what is given back, for its times). Does nothing
 * where no preload runs. Throws a `TypeError` for an object that is no pool it knows.
 */
export function observePool(
  pool: object | (() => PoolReading | undefined),
  { name }: ObserveOptions,
): ObservedPool {
  const { observedPools } = processWide()
  if (typeof pool === 'function') {
    return observedPools.add({ name, read: pool as () => PoolReading | undefined })
  }
  const weak = new WeakRef(pool)
  if (isTarnPool(pool)) {
    const observed = observedPools.add({ name, read: () => read(weak, isTarnPool, tarnState) })
    listenToTarn(pool, observed)
    return observed
  }
  if (isGenericPool(pool)) {
    const observed = observedPools.add({ name, read: () => read(weak, isGenericPool, stateOf) })
    return listenToGeneric(pool, observed)
  }
  throw new TypeError(
    `cannot observe pool ${name}: it is none of generic-pool or tarn; give a function that reads its state`,
  )
}

function read<Pool>(
  weak: WeakRef<object>,
  isOfKind: (pool: object) => pool is Pool & object,
  state: (pool: Pool) => PoolReading,
): PoolReading | undefined {
  const pool = weak.deref()
  return pool !== undefined && isOfKind(pool) ? state(pool) : undefined
}

function isGenericPool(pool: object): pool is GenericPool {
  const { acquire, release, borrowed, available } = pool as Partial<GenericPool>
  const counts = typeof borrowed === 'number' && typeof available === 'number'
  return counts && typeof acquire === 'function' && typeof release === 'function'
}

function stateOf({ available, borrowed, pending, max }: GenericPool): PoolReading {
  return { idle: available, used: borrowed, pending, limit: max }
}

/** It has no events for this, so two methods of this one pool are wrapped. */
function listenToGeneric(pool: GenericPool, observed: NamedPool): ObservedPool {
  const { acquire, release, destroy } = pool
  pool.acquire = function observedAcquire(...args) {
    return observed.acquire(() => acquire.apply(this, args))
  }
  pool.release = function observedRelease(resource, ...args) {
    observed.released(resource)
    return release.call(this, resource, ...args)
  }
  pool.destroy = function observedDestroy(resource, ...args) {
    observed.released(resource)
    return destroy.call(this, resource, ...args)
  }
  return observed
}
