import { subscribe } from 'node:diagnostics_channel'
import { guarded } from './guard.ts'
import type { Call } from './local-root.ts'
import { Pool, type PoolState } from './pool-metrics.ts'
import { ownerOf } from './prototype-owner.ts'
import type { PoolParts } from './watched-pool.ts'

/** The part of undici's request that its channels show. */
interface UndiciRequest {
  readonly origin: string | URL | undefined
  [USE]?: Use | undefined
}

/** How far a request has come with its connection. */
interface Use {
  readonly pool: Pool
  readonly waitsSinceMs: number
  usedSinceMs: number | undefined
}

/** What undici tells of a pool of connections to one origin (undici.nodejs.org, PoolStats). */
interface UndiciPool {
  readonly stats?: {
    readonly connected: number
    readonly free: number
    readonly queued: number
    readonly pending: number
  }
  readonly destroyed?: boolean
  readonly [key: symbol]: unknown
  [WATCHED]?: Waits
}

type Dispatch = (this: UndiciPool, ...args: unknown[]) => unknown

const USE = Symbol('chokepoint.use')
const WATCHED = Symbol('chokepoint.pool')
/** Where `fetch` keeps its agent: the newest first, the older one may be a wrapper around it. */
const GLOBAL_DISPATCHERS = [2, 1].map((version) => Symbol.for(`undici.globalDispatcher.${version}`))
/** Origins whose numbers are kept apart. */
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
 * Watches undici's pools: how many connections there are, who waits for one, and how long. Only a pool made with
 * `connections` has a limit; `fetch` has none. Time of waiting and of use comes from undici's channels, the rest from
 * `stats` of each pool.
 */
export class UndiciPools {
  readonly #parts: PoolParts
  readonly #origins = new Map<string, Pool>()
  readonly #patched = new WeakSet<object>()
  /** Only pools in which somebody waits now. */
  readonly #waiting = new Set<Waits>()
  #knowsFetch = false

  constructor(parts: PoolParts) {
    this.#parts = parts
  }

  /** Prepares `undici` as it comes from npm. */
  prepare(exported: unknown): void {
    const { Pool: pool } = exported as { Pool?: { prototype?: UndiciPool } }
    if (pool?.prototype !== undefined) this.#patch(pool.prototype)
  }

  /** Watches the channels, which the copy inside Node has, too. */
  watch(): void {
    const { report } = this.#parts
    const on = (name: string, work: (message: never) => void): void => {
      subscribe(name, guarded(report, work as (message: unknown) => void))
    }
    on('undici:request:create', ({ request }: { request: UndiciRequest }) => this.#created(request))
    on('undici:client:sendHeaders', ({ request }: { request: UndiciRequest }) => sent(request))
    on('undici:request:trailers', ({ request }: { request: UndiciRequest }) => ended(request))
    on('undici:request:error', ({ request }: { request: UndiciRequest }) => ended(request))
    on('undici:client:connectError', (message: ConnectError) => this.#notConnected(message))
  }

  #created(request: UndiciRequest): void {
    const pool = this.#poolOf(String(request.origin ?? ''))
    if (pool === undefined) return
    const queued = this.#waiting.size === 0 ? undefined : this.#taken()
    request[USE] = {
      pool,
      waitsSinceMs: queued?.startMs ?? performance.now(),
      usedSinceMs: undefined,
    }
  }

  /** The request that has just left a queue: queues lose their oldest first. */
  #taken(): Call | undefined {
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
    this.#poolOf(`${connectParams.protocol}//${connectParams.host}`)?.countTimeout()
  }

  #poolOf(origin: string): Pool | undefined {
    const known = this.#origins.get(origin)
    if (known !== undefined || this.#origins.size >= ORIGINS_MAX) return known
    const pool = new Pool(this.#parts.pools, origin)
    this.#origins.set(origin, pool)
    if (!this.#knowsFetch) this.#lookAtFetch()
    return pool
  }

  /** The classes of the copy inside Node can be had only from the pools that `fetch` has made. */
  #lookAtFetch(): void {
    const holder = globalThis as unknown as Record<symbol, object | undefined>
    const agent = GLOBAL_DISPATCHERS.map((key) => holder[key]).find((found) => found !== undefined)
    if (agent === undefined) return
    const clients = hiddenValue(agent, 'clients')
    if (!(clients instanceof Map)) return
    for (const entry of clients.values()) {
      // Older versions keep the pool itself, newer ones an entry with it.
      const pool = ((entry as { dispatcher?: object }).dispatcher ?? entry) as UndiciPool
      if (typeof pool !== 'object' || pool.stats === undefined) continue
      this.#knowsFetch = true
      this.#patch(Object.getPrototypeOf(pool))
      this.#watched(pool)
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
    if (waits === undefined || waits.queued(pool) <= before) return
    const shape = this.#poolOf(waits.origin)?.shape
    if (shape === undefined) return
    waits.queue.push(this.#parts.tracker.startCall(shape))
    this.#waiting.add(waits)
  }

  #watched(pool: UndiciPool): Waits | undefined {
    if (pool[WATCHED] !== undefined) return pool[WATCHED]
    const name = (hiddenValue(pool, 'url') as URL | undefined)?.origin
    if (name === undefined || pool.stats === undefined) return undefined
    const waits = new Waits(pool, name)
    pool[WATCHED] = waits
    const limit = Number(hiddenValue(pool, 'connections') ?? 0)
    // One row of numbers for each pool, so that pools of one origin add up.
    this.#parts.pools.watch(new Pool(this.#parts.pools, name), () =>
      stateOf(waits.pool.deref(), limit),
    )
    return waits
  }
}

interface ConnectError {
  readonly error?: { readonly code?: string }
  readonly connectParams: { readonly protocol: string; readonly host: string }
}

function sent(request: UndiciRequest): void {
  const use = request[USE]
  if (use === undefined || use.usedSinceMs !== undefined) return
  use.usedSinceMs = performance.now()
  use.pool.recordWait(use.usedSinceMs - use.waitsSinceMs)
}

function ended(request: UndiciRequest): void {
  const use = request[USE]
  if (use?.usedSinceMs === undefined) return
  use.pool.recordUse(performance.now() - use.usedSinceMs)
  // Not deleted: an object that loses a property becomes a dictionary, at two kilobytes.
  request[USE] = undefined
}

function stateOf(pool: UndiciPool | undefined, limit: number): PoolState | undefined {
  const stats = pool?.stats
  if (pool === undefined || stats === undefined || pool.destroyed === true) return undefined
  const { connected, free, queued, pending } = stats
  return { idle: free, used: connected - free, pending: queued + pending, limit }
}

/** undici keeps its state under symbols that it does not give away; they have descriptions. */
function symbolOf(start: object, description: string): symbol | undefined {
  for (let owner: object | null = start; owner !== null; owner = Object.getPrototypeOf(owner)) {
    const found = Object.getOwnPropertySymbols(owner).find((key) => key.description === description)
    if (found !== undefined) return found
  }
  return undefined
}

function hiddenValue(owner: object, description: string): unknown {
  const key = symbolOf(owner, description)
  return key === undefined ? undefined : (owner as Record<symbol, unknown>)[key]
}
