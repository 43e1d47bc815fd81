import { nowMs } from '../shared/own-clock.ts'
import type { ErrorSink } from './guard.ts'
import type { Call } from './local-root.ts'
import { Pool, type PoolMetrics, type ReadPool } from './pool-metrics.ts'
import type { RequestTracker } from './request-tracker.ts'

/** What a pool of the app records into. */
export interface PoolParts {
  readonly tracker: RequestTracker
  readonly pools: PoolMetrics
  readonly report: ErrorSink
}

/** A pool of the app whose connections are lent: who waits for one, and how long each is used. */
export class WatchedPool {
  readonly #pool: Pool
  readonly #parts: PoolParts
  readonly #takenAtMs = new WeakMap<object, number>()

  /** @param read the state of the pool; it must not keep the pool alive */
  constructor(name: string, read: ReadPool, parts: PoolParts) {
    this.#parts = parts
    this.#pool = new Pool(parts.pools, name)
    parts.pools.watch(this.#pool, read)
  }

  /** Somebody begins to wait for a connection; undefined when that went wrong on our side. */
  wait(): Call | undefined {
    try {
      return this.#parts.tracker.startCall(this.#pool.shape)
    } catch (error) {
      this.#parts.report(error)
      return undefined
    }
  }

  /** The wait is over: with a connection, or with an error. */
  taken(wait: Call | undefined, connection: unknown, error?: unknown): void {
    try {
      if (wait === undefined || wait.endMs !== undefined) return
      this.#pool.recordWait(this.#parts.tracker.endCall(wait, undefined))
      if (typeof connection === 'object' && connection !== null) {
        this.#takenAtMs.set(connection, wait.endMs!)
      }
      if (isTimeout(error)) this.#pool.countTimeout()
    } catch (broken) {
      this.#parts.report(broken)
    }
  }

  /** A connection has been given back. */
  released(connection: unknown): void {
    try {
      const takenAtMs = this.#takenAtMs.get(connection as object)
      if (takenAtMs === undefined) return
      this.#takenAtMs.delete(connection as object)
      this.#pool.recordUse(nowMs() - takenAtMs)
    } catch (error) {
      this.#parts.report(error)
    }
  }

  /** Waits for a connection by a promise. */
  async awaited<Connection>(acquire: () => PromiseLike<Connection>): Promise<Connection> {
    const wait = this.wait()
    try {
      const connection = await acquire()
      this.taken(wait, connection)
      return connection
    } catch (error) {
      this.taken(wait, undefined, error)
      throw error
    }
  }
}

/** Each library has an error of its own for this; all say it in their name, code or message. */
function isTimeout(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { name, code, message } = error as { name?: unknown; code?: unknown; message?: unknown }
  return [name, code, message].some((text) => typeof text === 'string' && /timed? ?out/i.test(text))
}
