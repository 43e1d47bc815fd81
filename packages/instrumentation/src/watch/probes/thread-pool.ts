import { stat } from 'node:fs'
import type { KernelFiles } from './kernel-files.ts'
import { Increments, type Probe } from './probe.ts'

/** What libuv calls the threads of its pool, so that they can be told from V8's and ours. */
const POOL_THREAD = 'libuv-worker'

/**
 * The part of the time that the threads of the pool were on a processor:
 * `nodejs.threadpool.utilization`. The pool is the process's, so the watch thread can see it. Absent
 * until the app first uses the pool.
 */
export function createThreadPoolUseProbe(files: KernelFiles): Probe {
  const increments = new Increments()
  return (batch, { monotonicMs }) => {
    const elapsedMs = increments.add('elapsed', monotonicMs)
    let threads = 0
    let addedMs = 0
    for (const thread of files.list('/proc/self/task')) {
      const directory = `/proc/self/task/${thread}`
      if (files.read(`${directory}/comm`)?.trim() !== POOL_THREAD) continue
      const [onCpuNs = ''] = (files.read(`${directory}/schedstat`) ?? '').split(' ')
      threads++
      addedMs += (increments.add(thread, Number(onCpuNs)) ?? 0) / 1e6
    }
    if (threads === 0 || elapsedMs === undefined || elapsedMs === 0) return
    batch.add('nodejs.threadpool.utilization', addedMs / elapsedMs / threads)
  }
}

/** Does something that needs a thread of the pool, and calls back. */
export type Canary = (done: () => void) => void

const STAT_CANARY: Canary = (done) => stat('/', () => done())

/**
 * Sends a canary through the thread pool every second and remembers how long each took. The watch
 * thread is idle nearly always, so its own event loop adds next to nothing.
 */
export class ThreadPoolCanary {
  readonly #now: () => number
  readonly #canary: Canary
  readonly #timer: NodeJS.Timeout
  readonly #listeners = new Set<(delayMs: number) => void>()
  #sentAtMs: number | undefined

  /** `now` is monotonic, in ms. */
  constructor(now: () => number, { everyMs = 1000, canary = STAT_CANARY } = {}) {
    this.#now = now
    this.#canary = canary
    this.#timer = setInterval(() => this.#send(), everyMs)
    this.#timer.unref()
  }

  /**
   * A probe for one reader: the longest round trip since its last look, one under way included. When
   * none has ended since, the last one stands.
   */
  createProbe(): Probe {
    let longestMs: number | undefined
    let lastMs = 0
    this.#listeners.add((delayMs) => {
      longestMs = Math.max(longestMs ?? 0, delayMs)
      lastMs = delayMs
    })
    return (batch) => {
      const underWayMs = this.#sentAtMs === undefined ? 0 : this.#now() - this.#sentAtMs
      batch.add('nodejs.threadpool.delay', Math.max(longestMs ?? lastMs, underWayMs) / 1000)
      longestMs = undefined
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #send(): void {
    // One at a time: a saturated pool must not be given more to do.
    if (this.#sentAtMs !== undefined) return
    const sentAtMs = this.#now()
    this.#sentAtMs = sentAtMs
    this.#canary(() => {
      this.#sentAtMs = undefined
      for (const listener of this.#listeners) listener(this.#now() - sentAtMs)
    })
  }
}
