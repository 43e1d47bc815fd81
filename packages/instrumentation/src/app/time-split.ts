import type { CallShape } from './call-shape.ts'
import type { Charged } from './running-clock.ts'
import { withItem } from './short-list.ts'

/** The calls of one shape that one request made. */
export interface CallGroup {
  readonly shape: CallShape
  count: number
  running: number
  waitMs: number
}

/** Where the time of a request went that it did not spend in calls, in ms. */
export interface OwnTime {
  readonly cpuMs: number
  readonly eventloopMs: number
  readonly otherMs: number
}

/** Most shapes that one request is split by; a call beyond them is time of kind `other`. */
const GROUPS_MAX = 64

/**
 * Splits the time of one request. While at least one call runs, the request waits, and the time is shared
 * equally by the calls that run; so the parts of a request add up to its duration. The remaining time is its
 * own: on the processor, waiting for the event loop while others ran, or asleep (`other`).
 */
export class TimeSplit implements Charged {
  cpuMs = 0
  groups: CallGroup[] | undefined
  #running = 0
  #waitedMs = 0
  #idleWaitedMs = 0
  #changedMs: number
  #waitIdleMs: number
  readonly #startIdleMs: number

  constructor(startMs: number, idleMs: number) {
    this.#changedMs = startMs
    this.#startIdleMs = idleMs
    this.#waitIdleMs = idleMs
  }

  /** A call starts; undefined when the request already has too many shapes. */
  start(shape: CallShape, atMs: number, idleMs: number): CallGroup | undefined {
    const group = this.#groupOf(shape)
    if (group === undefined) return undefined
    if (this.#running === 0) {
      this.#changedMs = atMs
      this.#waitIdleMs = idleMs
    } else {
      this.#share(atMs)
    }
    this.#running++
    group.running++
    group.count++
    return group
  }

  /** A call that `start` gave a group for ends. */
  end(group: CallGroup, atMs: number, idleMs: number): void {
    this.#share(atMs)
    this.#running--
    group.running--
    if (this.#running === 0) this.#idleWaitedMs += idleMs - this.#waitIdleMs
  }

  /** The request ends: calls that still run stop counting, and what is left is its own time. */
  finish(startMs: number, atMs: number, idleMs: number): OwnTime {
    if (this.#running > 0) {
      this.#share(atMs)
      this.#idleWaitedMs += idleMs - this.#waitIdleMs
      this.#running = 0
    }
    const ownMs = Math.max(0, atMs - startMs - this.#waitedMs)
    const idleOwnMs = Math.max(0, idleMs - this.#startIdleMs - this.#idleWaitedMs)
    const otherMs = Math.min(ownMs, idleOwnMs)
    const cpuMs = Math.min(this.cpuMs, ownMs - otherMs)
    return { cpuMs, otherMs, eventloopMs: ownMs - otherMs - cpuMs }
  }

  #share(atMs: number): void {
    const elapsedMs = atMs - this.#changedMs
    this.#changedMs = atMs
    this.#waitedMs += elapsedMs
    for (const group of this.groups!) {
      if (group.running > 0) group.waitMs += (elapsedMs * group.running) / this.#running
    }
  }

  #groupOf(shape: CallShape): CallGroup | undefined {
    const { groups } = this
    if (groups !== undefined) {
      for (const group of groups) if (group.shape === shape) return group
      if (groups.length >= GROUPS_MAX) return undefined
    }
    const group = { shape, count: 0, running: 0, waitMs: 0 }
    this.groups = withItem(groups, group)
    return group
  }
}
