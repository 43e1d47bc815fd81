import { nowMs } from '../shared/own-clock.ts'
import { HttpCall } from './http-call.ts'
import type { PeerStats } from './http-client-metrics.ts'
import type { Call } from './local-root.ts'
import type { Pool } from './pool-metrics.ts'

/** What a request of undici goes by: its place in the queue of a pool, and the numbers of that pool. */
export interface PoolUse {
  /** Undefined beyond the limit of origins whose pools are told apart. */
  readonly pool: Pool | undefined
  /** The wait in the queue of the pool, when there was one; it is over. */
  readonly queued: Call | undefined
}

/** A request of undici: a call, and the use of a connection. */
export class UndiciCall extends HttpCall {
  readonly #pool: Pool | undefined
  readonly #queued: Call | undefined
  #sentMs: number | undefined

  constructor(call: Call, peer: PeerStats, origin: string, path: string, use: PoolUse) {
    super(call, peer, origin, path)
    this.#pool = use.pool
    this.#queued = use.queued
  }

  /** It has a connection from now on. A request that is sent once more goes on waiting in nobody's eyes. */
  sent(): void {
    if (this.#pool === undefined || this.#sentMs !== undefined) return
    this.#sentMs = nowMs()
    this.#pool.recordWait(this.#sentMs - (this.#queued ?? this.call).startMs)
  }

  /** The call has ended, and so the connection is free again. */
  freed(): void {
    if (this.#sentMs !== undefined) this.#pool?.recordUse(this.call.endMs! - this.#sentMs)
  }
}
