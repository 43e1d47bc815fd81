import { performance } from 'node:perf_hooks'
import { nowMs } from '../shared/own-clock.ts'

/** What a running request is charged on. */
export interface Charged {
  /** Time on the processor so far, in ms. */
  cpuMs: number
}

/**
 * Tells whose JavaScript ran. The app thread runs one piece of one request at a time, and we see the points at
 * which a piece begins or ends: a request comes in, its handler returns, it starts a call, a call of its ends.
 * The active time since the last such point belongs to the request that ends a piece. Time the loop spent
 * waiting in the kernel is nobody's, so a request that sleeps is charged nothing.
 */
export class RunningClock {
  readonly #timing = performance.nodeTiming
  #markedAtMs = 0
  #markedIdleMs = 0

  /** Idle time of the loop since the process began, in ms; read after `mark` or `charge` it is theirs. */
  get idleMs(): number {
    return this.#markedIdleMs
  }

  /** A piece begins; what was before is charged to nobody. Gives the time in ms. */
  mark(): number {
    this.#markedIdleMs = this.#timing.idleTime
    this.#markedAtMs = nowMs()
    return this.#markedAtMs
  }

  /**
   * A piece of `charged` ends here, without a turn of the loop since it began: then the loop has not been idle, and
   * its idle time need not be read. Gives the time in ms.
   */
  chargeAtOnce(charged: Charged): number {
    const atMs = nowMs()
    charged.cpuMs += atMs - this.#markedAtMs
    this.#markedAtMs = atMs
    return atMs
  }

  /** A piece of `charged` ends here. Gives the time in ms. */
  charge(charged: Charged): number {
    const idleMs = this.#timing.idleTime
    const atMs = nowMs()
    const activeMs = atMs - this.#markedAtMs - (idleMs - this.#markedIdleMs)
    if (activeMs > 0) charged.cpuMs += activeMs
    this.#markedIdleMs = idleMs
    this.#markedAtMs = atMs
    return atMs
  }
}
