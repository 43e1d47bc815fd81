import type { Call } from './local-root.ts'
import type { PoolState } from './pool-metrics.ts'
import { type PoolParts, WatchedPool } from './watched-pool.ts'

/** The state of a pool as the app knows it. */
export interface PoolReading {
  /** Connections that nobody uses now. */
  readonly idle: number
  /** Connections that are lent. */
  readonly used: number
  /** How many wait for one. */
  readonly pending?: number
  /** The most connections there may be; left out when there is no such bound. */
  readonly limit?: number
}

/** A pool of the app that is watched as those of known libraries are. */
export interface ObservedPool {
  /** Takes a connection by `acquire`: how long that waits is part of the request's time. */
  acquire<Connection>(acquire: () => PromiseLike<Connection>): Promise<Connection>
  /** A connection that `acquire` gave has been given back. */
  released(connection: unknown): void
  /** The pool is closed: what it showed is taken back. */
  stop(): void
}

/** What `observePool` was told of a pool. */
interface Told {
  readonly name: string
  readonly read: () => PoolReading | undefined
}

/** The pools that the app has named, before and after an agent starts; without one they are only passed through. */
export class ObservedPools {
  #parts: PoolParts | undefined
  readonly #waiting = new Set<NamedPool>()

  /** Watches a pool from now on, or from the moment an agent starts. */
  add(told: Told): NamedPool {
    const pool = new NamedPool(told, () => this.#waiting.delete(pool))
    if (this.#parts === undefined) this.#waiting.add(pool)
    else pool.connect(this.#parts)
    return pool
  }

  /** An agent has started. */
  connect(parts: PoolParts): void {
    this.#parts = parts
    for (const pool of this.#waiting) pool.connect(parts)
    this.#waiting.clear()
  }
}

/** A pool under the name that the app gave it. */
export class NamedPool implements ObservedPool {
  readonly #told: Told
  readonly #forget: () => void
  #watched: WatchedPool | undefined
  #stopped = false

  constructor(told: Told, forget: () => void) {
    this.#told = told
    this.#forget = forget
  }

  /** Begins to record. */
  connect(parts: PoolParts): void {
    this.#watched = new WatchedPool(this.#told.name, () => this.#state(parts), parts)
  }

  acquire<Connection>(acquire: () => PromiseLike<Connection>): Promise<Connection> {
    const watched = this.#watched
    return watched === undefined ? Promise.resolve(acquire()) : watched.awaited(acquire)
  }

  released(connection: unknown): void {
    this.#watched?.released(connection)
  }

  stop(): void {
    this.#stopped = true
    this.#forget()
  }

  /** A wait begins that does not end in a promise. */
  wait(): Call | undefined {
    return this.#watched?.wait()
  }

  /** The end of such a wait. */
  taken(wait: Call | undefined, connection: unknown, error?: unknown): void {
    this.#watched?.taken(wait, connection, error)
  }

  #state({ report }: PoolParts): PoolState | undefined {
    if (this.#stopped) return undefined
    try {
      const reading = this.#told.read()
      return reading === undefined ? undefined : { pending: 0, limit: 0, ...reading }
    } catch (error) {
      // A reader of the app that fails once is not asked again.
      report(error)
      return undefined
    }
  }
}
