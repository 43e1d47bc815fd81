import { subscribe } from 'node:diagnostics_channel'
import { guarded } from './guard.ts'
import { hiddenValue, symbolOf } from './hidden-value.ts'
import type { Call } from './local-root.ts'
import { Pool, type PoolState } from './pool-metrics.ts'
import { ownerOf } from './prototype-owner.ts'
import type { PoolParts } from './watched-pool.ts'

/** What undici tells of a pool of connections to one origin (undici.nodejs.org, PoolStats). */
interface UndiciPoolStats {
  readonly connected: number
  readonly free: number
  /** Requests that no connection has been given to, those in the queue of the pool among them. */
  readonly pending: number
}

/** What it tells of a single connection, which an agent has for each origin if it may have one only (ClientStats). */
interface UndiciClientStats {
  readonly connected: boolean
  readonly running: number
  readonly pending: number
}

/** A pool, or the single connection in place of one. */
interface UndiciPool {
  readonly stats?: UndiciPoolStats | UndiciClientStats
  readonly destroyed?: boolean
  readonly [key: symbol]: unknown
  /** Null: it was looked at, and is left alone. */
  [WATCHED]?: Waits | null
}

type Dispatch = (this: UndiciPool, ...args: unknown[]) => unknown

const WATCHED = Symbol('chokepoint.pool')
/** Where `fetch` keeps its agent: the newest first, the older one may be a wrapper around it. */
const GLOBAL_DISPATCHERS = [2, 1].map((version) => Symbol.for(`undici.globalDispatcher.${version}`))
/** Origins whose numbers are kept apart; pools of others are not shown. */
const ORIGINS_MAX = 50

/** Requests that a pool has put into its queue, oldest first. */
class Waits {
  readonly pool: WeakRef<UndiciPool>
  readonly origin: string
  readonly queue: Call[] = []
  readonly #queuedKey: symbol | undefined

  constructor(pool: UndiciPool, origin: string) {
    this.pool = new WeakRef(pool)
    this.origin = origin
    this.#queuedKey = symbolOf(pool, 'queued')
  }

  /** How many requests lie in the queue of the pool. */
  queued(pool: UndiciPool): number {
    return this.#queuedKey === undefined ? 0 : Number(pool[this.#queuedKey])
  }
}

/**
 * Watches undici's pools: how many connections there are, and who waits for one. Only a pool made with `connections`
 * has a limit; `fetch` has none. Times of waiting and of use come from undici's channels (`UndiciCall`), the rest from
 * `stats` of each pool.
 */
export class UndiciPools {
  readonly #parts: PoolParts
  readonly #origins = new Map<string, Pool>()
  readonly #patched = new WeakSet<object>()
  /** Only pools in which somebody waits now. */
  readonly #waiting = new Set<Waits>()

  constructor(parts: PoolParts) {
    this.#parts = parts
  }

  /** Prepares `undici` as it comes from npm. */
  prepare(exported: unknown): void {
    const { Pool: pool } = exported as { Pool?: { prototype?: UndiciPool } }
    if (pool?.prototype !== undefined) this.#patch(pool.prototype)
  }

  /**
   * Watches connections that are not made, by the channel that the copy inside Node has, too, and looks for the pools of
   * that copy whenever the state of all is read.
   */
  watch(): void {
    const { report, pools } = this.#parts
    const onError = guarded(report, (message: unknown) =>
      this.#notConnected(message as ConnectError),
    )
    subscribe('undici:client:connectError', onError)
    pools.find(guarded(report, () => this.#lookAtFetch()))
  }

  /** The wait of the request that has just left a queue, if it was in one: queues lose their oldest first. */
  taken(): Call | undefined {
    if (this.#waiting.size === 0) return undefined
    for (const waits of this.#waiting) {
      const pool = waits.pool.deref()
      if (pool !== undefined && waits.queue.length <= waits.queued(pool)) continue
      const call = waits.queue.shift()
      if (waits.queue.length === 0) this.#waiting.delete(waits)
      if (call !== undefined) this.#parts.tracker.endCall(call, undefined)
      return call
    }
    return undefined
  }

  #notConnected({ error, connectParams }: ConnectError): void {
    if (!/TIMEOUT/.test(error?.code ?? '')) return
    this.poolOf(`${connectParams.protocol}//${connectParams.host}`)?.countTimeout()
  }

  /** The numbers of the pools of an origin; undefined beyond the limit of origins. */
  poolOf(origin: string): Pool | undefined {
    const isNew = !this.#origins.has(origin)
    const pool = this.#numbersOf(origin)
    if (isNew && pool !== undefined) this.#lookAtFetch()
    return pool
  }

  #numbersOf(origin: string): Pool | undefined {
    const known = this.#origins.get(origin)
    if (known !== undefined || this.#origins.size >= ORIGINS_MAX) return known
    const pool = new Pool(this.#parts.pools, origin)
    this.#origins.set(origin, pool)
    return pool
  }

  /**
   * The classes of the copy inside Node can be had only from the pools that `fetch` has made. They are patched only when
   * one of these has a limit: in the others nobody ever waits, and a patch would lie around each `fetch` for nothing.
   */
  #lookAtFetch(): void {
    const holder = globalThis as unknown as Record<symbol, object | undefined>
    const agent = GLOBAL_DISPATCHERS.map((key) => holder[key]).find((found) => found !== undefined)
    if (agent === undefined) return
    const clients = hiddenValue(agent, 'clients')
    if (!(clients instanceof Map)) return
    for (const entry of clients.values()) {
      // Older versions keep the pool itself, newer ones an entry with it.
      const pool = ((entry as { dispatcher?: object }).dispatcher ?? entry) as UndiciPool
      if (typeof pool !== 'object' || pool[WATCHED] !== undefined) continue
      if (this.#watched(pool) !== null && limitOf(pool) > 0) {
        this.#patch(Object.getPrototypeOf(pool))
      }
    }
  }

  #patch(prototype: UndiciPool): void {
    const key = symbolOf(prototype, 'dispatch')
    const owner = key === undefined ? undefined : ownerOf(prototype, key)
    if (key === undefined || owner === undefined || this.#patched.has(owner)) return
    this.#patched.add(owner)
    const dispatch = owner[key] as Dispatch
    const pools = this
    const { report } = this.#parts
    const chokepointDispatch: Dispatch = function chokepointDispatch(...args) {
      const before = this[WATCHED]?.queued(this) ?? 0
      const result = dispatch.apply(this, args)
      try {
        pools.#dispatched(this, before)
      } catch (error) {
        report(error)
      }
      return result
    }
    Object.defineProperty(owner, key, {
      value: chokepointDispatch,
      writable: true,
      configurable: true,
    })
  }

  #dispatched(pool: UndiciPool, before: number): void {
    const waits = this.#watched(pool)
    if (waits === null || waits.queued(pool) <= before) return
    const shape = this.poolOf(waits.origin)?.shape
    if (shape === undefined) return
    waits.queue.push(this.#parts.tracker.startCall(shape))
    this.#waiting.add(waits)
  }

  #watched(pool: UndiciPool): Waits | null {
    // An app that asks thousands of hosts has a pool for each: each is looked at once.
    if (pool[WATCHED] === undefined) pool[WATCHED] = this.#newlyWatched(pool)
    return pool[WATCHED]
  }

  #newlyWatched(pool: UndiciPool): Waits | null {
    const name = (hiddenValue(pool, 'url') as URL | undefined)?.origin
    if (name === undefined || pool.stats === undefined) return null
    if (this.#numbersOf(name) === undefined) return null
    const waits = new Waits(pool, name)
    const limit = limitOf(pool)
    // One row of numbers for each pool, so that pools of one origin add up.
    this.#parts.pools.watch(new Pool(this.#parts.pools, name), () =>
      stateOf(waits.pool.deref(), limit),
    )
    return waits
  }
}

/** The most connections that a pool may have; 0: there is no bound. */
function limitOf(pool: UndiciPool): number {
  return Number(hiddenValue(pool, 'connections') ?? 0)
}

interface ConnectError {
  readonly error?: { readonly code?: string }
  readonly connectParams: { readonly protocol: string; readonly host: string }
}

function stateOf(pool: UndiciPool | undefined, limit: number): PoolState | undefined {
  const stats = pool?.stats
  if (pool === undefined || stats === undefined || pool.destroyed === true) return undefined
  if (!('free' in stats)) {
    const used = stats.running > 0 ? 1 : 0
    return { idle: stats.connected ? 1 - used : 0, used, pending: stats.pending, limit: 1 }
  }
  const { connected, free, pending } = stats
  return { idle: free, used: connected - free, pending, limit }
}
