import type { CallShape } from './call-shape.ts'
import type { Charged } from './running-clock.ts'

/** The calls of one shape that one request made. */
export interface CallGroup {
  readonly shape: CallShape
  count: number
  running: number
  waitMs: number
  /**
   * The group after this one. A list of its own links, here and of calls: an array is two more objects for each request,
   * and one that grows by `push` is given room for seventeen by V8.
   */
  next: CallGroup | undefined
}

/** What is known of a request's time beside its calls, in ms. */
export interface Timed extends Charged {
  readonly startMs: number
  /** Idle time of the loop when it began. */
  readonly startIdleMs: number
}

/** Where the time of a request went that it did not spend in calls, in ms. */
export interface OwnTime {
  cpuMs: number
  eventloopMs: number
  otherMs: number
}

/** Most shapes that one request is split by; a call beyond them is time of kind `other`. */
const GROUPS_MAX = 64

/**
 * Splits the time of one request, from its first call on. While at least one call runs, the request waits, and the time
 * is shared equally by the calls that run; so the parts of a request add up to its duration.
 */
export class TimeSplit {
  /** The groups in the order in which they came. */
  firstGroup: CallGroup | undefined
  #groups = 0
  #running = 0
  #waitedMs = 0
  #idleWaitedMs = 0
  #changedMs = 0
  #waitIdleMs = 0

  /** Waiting time so far. */
  get waitedMs(): number {
    return this.#waitedMs
  }

  /** How much of it the loop was idle. */
  get idleWaitedMs(): number {
    return this.#idleWaitedMs
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

  /** The request ends: calls that still run stop counting. */
  finish(atMs: number, idleMs: number): void {
    if (this.#running === 0) return
    this.#share(atMs)
    this.#idleWaitedMs += idleMs - this.#waitIdleMs
    this.#running = 0
  }

  #share(atMs: number): void {
    const elapsedMs = atMs - this.#changedMs
    this.#changedMs = atMs
    this.#waitedMs += elapsedMs
    for (let group = this.firstGroup; group !== undefined; group = group.next) {
      if (group.running > 0) group.waitMs += (elapsedMs * group.running) / this.#running
    }
  }

  #groupOf(shape: CallShape): CallGroup | undefined {
    let last: CallGroup | undefined
    for (let group = this.firstGroup; group !== undefined; group = group.next) {
      if (group.shape === shape) return group
      last = group
    }
    if (this.#groups >= GROUPS_MAX) return undefined
    this.#groups++
    const added = { shape, count: 0, running: 0, waitMs: 0, next: undefined }
    if (last === undefined) this.firstGroup = added
    else last.next = added
    return added
  }
}

/** One for all requests: each is recorded before the next one ends. */
const own: OwnTime = { cpuMs: 0, eventloopMs: 0, otherMs: 0 }

/**
 * A request has ended: what it did not wait for is its own time: on the processor, waiting for the event loop while
 * others ran, or asleep (`other`). Gives the same object each time.
 */
export function ownTimeOf(
  timed: Timed,
  split: TimeSplit | undefined,
  endMs: number,
  idleMs: number,
): Readonly<OwnTime> {
  split?.finish(endMs, idleMs)
  const ownMs = Math.max(0, endMs - timed.startMs - (split?.waitedMs ?? 0))
  const idleOwnMs = Math.max(0, idleMs - timed.startIdleMs - (split?.idleWaitedMs ?? 0))
  own.otherMs = Math.min(ownMs, idleOwnMs)
  own.cpuMs = Math.min(timed.cpuMs, ownMs - own.otherMs)
  own.eventloopMs = ownMs - own.otherMs - own.cpuMs
  return own
}
