import { clearInterval, setInterval } from 'node:timers'
import { BEAT_AT, BEAT_RAN, BEATS, type SharedMemory } from '../shared/memory-layout.ts'
import type { BeatGap } from '../shared/messages.ts'
import { hrtimeMs } from '../shared/own-clock.ts'

export interface HeartbeatOptions {
  readonly memory: SharedMemory
  readonly everyMs: number
  /** A heartbeat that is late by this much is told. */
  readonly lateMs: number
  readonly tellGap: (gap: BeatGap) => void
}

/** The first turn of the loop ends the loading of the app, which is no stall. */
const BEATS_OF_LOADING = 2

/**
 * Shows the watch thread that the event loop turns, and tells each long gap when it is over: this thread
 * cannot miss one, however busy the machine is, while the watch thread's own looks may come late.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #timer: NodeJS.Timeout
  #cpuMs: number | undefined

  constructor(options: HeartbeatOptions) {
    this.#options = options
    this.beat()
    this.#timer = setInterval(() => this.beat(), options.everyMs).unref()
  }

  beat(): void {
    const { memory, everyMs, lateMs, tellGap } = this.#options
    const { clock } = memory
    const endMs = hrtimeMs()
    const startMs = clock[BEAT_AT]!
    const beats = clock[BEATS]!
    const cpuBeforeMs = this.#cpuMs
    this.#cpuMs = threadCpuMs()
    clock[BEAT_RAN] = this.#cpuMs ?? 0
    clock[BEAT_AT] = endMs
    clock[BEATS] = beats + 1
    if (beats < BEATS_OF_LOADING || endMs - startMs - everyMs < lateMs) return
    const cpuMs = (this.#cpuMs ?? 0) - (cpuBeforeMs ?? 0)
    tellGap({ startMs, endMs, cpuMs })
  }

  /** Ends with a last beat: a block that ends in `process.exit` is told too. */
  stop(): void {
    clearInterval(this.#timer)
    this.beat()
  }

  /** There is nobody left to tell. */
  abandon(): void {
    clearInterval(this.#timer)
  }
}

/** Undefined in versions of Node that cannot tell it. It takes less than a microsecond. */
function threadCpuMs(): number | undefined {
  if (typeof process.threadCpuUsage !== 'function') return undefined
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
