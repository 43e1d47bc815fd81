import { ASKED, BEAT_AT, BEATS, DONE, type SharedMemory } from '../../shared/memory-layout.ts'
import { type Frame, hotFrames } from './hot-frames.ts'
import type { MainThreadProfile, ProfileMainThread } from './main-thread-profiler.ts'

/** A time in which the app thread did not come back to its event loop. */
export interface Stall {
  /** How long it was blocked; so far, while it still is. */
  readonly durationMs: number
  /** Where it was, the most first; empty when it could not be profiled. */
  readonly frames: readonly Frame[]
}

export interface StallWatchOptions {
  readonly memory: SharedMemory
  readonly heartbeatMs: number
  readonly thresholdMs: number
  /** Undefined: stalls are timed and not profiled. */
  readonly profile: ProfileMainThread | undefined
  /** Whether a profile may be taken now. */
  readonly mayProfile: () => boolean
  /** The clock of the heartbeat: monotonic, in ms. */
  readonly now: () => number
  /**
   * How long the app thread has waited for a processor since it began, in ms; 0 where the system does
   * not tell. That time is the machine's fault, not the code's.
   */
  readonly starvedMs: () => number
  /** How long the calling thread has run or waited for a processor, in ms; 0 where nobody tells. */
  readonly awakeMs: () => number
  /** Called when a stall has been profiled, mostly while it still lasts. */
  readonly onNamed: (stall: Stall) => void
  /** Called once for each stall, when it is over. */
  readonly onEnd: (stall: Stall) => void
  readonly onError: (error: unknown) => void
}

/** A heartbeat that was seen, and when it was. */
interface Seen {
  readonly beats: number
  readonly beatAtMs: number
  /** What `starvedMs` was then. */
  readonly starvedMs: number
}

/** A stall that lasts: the heartbeat after which none came, and what is known of it. */
interface Current extends Seen {
  frames: readonly Frame[]
  profiling: Promise<void> | undefined
}

/** Long enough for a hundred samples, short enough to name a stall while it lasts. */
const PROFILE_MS = 100
const FRAMES_MAX = 5
/** On a machine with five times the work it can do a thread that only computes waits for four fifths. */
const STARVED_SHARE_MAX = 0.9

/**
 * Watches the heartbeat of the app thread. When it stays away, the stall is profiled while it lasts
 * and timed until the heartbeat comes back.
 */
export class StallWatch {
  readonly #options: StallWatchOptions
  readonly #tickMs: number
  readonly #timer: NodeJS.Timeout
  #lastTickMs: number
  #current: Current | undefined
  #seen: Seen = { beats: 0, beatAtMs: 0, starvedMs: 0 }
  #lastAwakeMs: number
  /** Since the heartbeat that was seen last. */
  #suspendedMs = 0

  constructor(options: StallWatchOptions) {
    this.#options = options
    this.#tickMs = Math.max(10, Math.min(50, options.thresholdMs / 4))
    this.#lastTickMs = options.now()
    this.#lastAwakeMs = options.awakeMs()
    this.#timer = setInterval(() => this.tick(), this.#tickMs)
    this.#timer.unref()
  }

  /** How long the app thread has been blocked now, in ms; 0 while its heart beats. */
  get blockedMs(): number {
    if (this.#current === undefined || this.#beats !== this.#current.beats) return 0
    return this.#blockedSince(this.#current, this.#options.now())
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Looks at the heartbeat; the timer does it all the time. */
  tick(): void {
    const nowMs = this.#options.now()
    this.#noteSuspension(nowMs)
    if (this.#current !== undefined) {
      if (this.#beats !== this.#current.beats) void this.#end(this.#current)
    } else if (this.#beats !== this.#seen.beats) {
      this.#noteMissed()
    } else if (this.#isStalled(this.#seen, nowMs)) {
      this.#current = { ...this.#seen, frames: [], profiling: undefined }
      this.#profile(this.#current)
      return
    } else return
    const beatAtMs = this.#options.memory.clock[BEAT_AT]!
    this.#seen = { beats: this.#beats, beatAtMs, starvedMs: this.#options.starvedMs() }
    this.#suspendedMs = 0
  }

  /** Time in which this thread neither ran nor waited to run: the whole process was stopped. */
  #noteSuspension(nowMs: number): void {
    const awakeMs = this.#options.awakeMs()
    const lateMs = nowMs - this.#lastTickMs - this.#tickMs - (awakeMs - this.#lastAwakeMs)
    this.#suspendedMs += Math.max(0, lateMs)
    this.#lastTickMs = nowMs
    this.#lastAwakeMs = awakeMs
  }

  /** When this thread is held up itself, a stall may begin and end between two looks. */
  #noteMissed(): void {
    const { memory, onEnd } = this.#options
    // Of two neighbours both times are known; of others only that of the newest.
    if (this.#beats !== this.#seen.beats + 1) return
    const beatAtMs = memory.clock[BEAT_AT]!
    if (!this.#isStalled(this.#seen, beatAtMs)) return
    onEnd({ durationMs: this.#blockedSince(this.#seen, beatAtMs), frames: [] })
  }

  #isStalled(seen: Seen, untilMs: number): boolean {
    const { memory, thresholdMs, starvedMs } = this.#options
    // The first turn of the loop ends the loading of the app, which is no stall.
    if (seen.beats < 2) return false
    // While the app thread waits for our flush it is blocked by us, at its own end.
    const { control } = memory
    if (Atomics.load(control, ASKED) > Atomics.load(control, DONE)) return false
    const blockedMs = this.#blockedSince(seen, untilMs)
    if (blockedMs - this.#suspendedMs < thresholdMs) return false
    // Nearly all of it waiting for a processor: then the code has done nothing wrong.
    return starvedMs() - seen.starvedMs <= STARVED_SHARE_MAX * blockedMs
  }

  get #beats(): number {
    return this.#options.memory.clock[BEATS]!
  }

  /** The next heartbeat was due one interval after the last one; what is beyond is the block. */
  #blockedSince({ beatAtMs }: { readonly beatAtMs: number }, nowMs: number): number {
    return Math.max(0, nowMs - beatAtMs - this.#options.heartbeatMs)
  }

  /** When the heart beat again: only the newest beat is told, so the first is counted back to. */
  #endOf({ beats }: Current): number {
    const { memory, heartbeatMs } = this.#options
    const since = this.#beats - beats
    if (since === 0) return Number.POSITIVE_INFINITY
    return memory.clock[BEAT_AT]! - (since - 1) * heartbeatMs
  }

  async #end(stall: Current): Promise<void> {
    // Stalls that follow each other closely are each their own.
    this.#current = undefined
    const durationMs = this.#blockedSince(stall, this.#endOf(stall))
    await stall.profiling
    this.#options.onEnd({ durationMs, frames: stall.frames })
  }

  #profile(stall: Current): void {
    const { profile, mayProfile, onError } = this.#options
    if (profile === undefined || !mayProfile()) return
    try {
      stall.profiling = this.#name(stall, profile()).catch(onError)
    } catch (error) {
      onError(error)
    }
  }

  async #name(stall: Current, profile: MainThreadProfile): Promise<void> {
    try {
      await profile.started
      await this.#sleepWhileBlocked(stall)
      const sampled = await profile.stop()
      // What ran after the stall is not its cause. Native code is sampled the moment it returns.
      stall.frames = hotFrames(sampled, FRAMES_MAX, this.#endOf(stall))
      if (stall.frames.length === 0) return
      const untilMs = Math.min(this.#endOf(stall), this.#options.now())
      this.#options.onNamed({
        durationMs: this.#blockedSince(stall, untilMs),
        frames: stall.frames,
      })
    } finally {
      profile.close()
    }
  }

  async #sleepWhileBlocked(stall: Current): Promise<void> {
    const endMs = this.#options.now() + PROFILE_MS
    while (this.#beats === stall.beats && this.#options.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}
