import {
  ASKED,
  BEAT_AT,
  BEAT_RAN,
  BEATS,
  DONE,
  type SharedMemory,
} from '../../shared/memory-layout.ts'
import type { BeatGap } from '../../shared/messages.ts'
import type { MainThreadState } from '../probes/run-queue.ts'
import { type Frame, hotFrames } from './hot-frames.ts'
import type { MainThreadProfile, ProfileMainThread } from './main-thread-profiler.ts'
import { correctByStack, mayHideLoop } from './paused-stack.ts'
import { Suspensions } from './suspensions.ts'

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
  /** Whether the app thread may be paused for a moment: not while somebody debugs it. */
  readonly mayPause: () => boolean
  /** The clock of the heartbeat: monotonic, in ms. */
  readonly now: () => number
  /** What the system tells of the app thread; undefined where it tells nothing. */
  readonly appThread: () => MainThreadState | undefined
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
  /** How long the app thread had run then, and had slept while its heartbeat was due. */
  readonly ranMs: number
  readonly asleepMs: number
}

/** A stall that was noticed while it lasts: the heartbeat after which none came. */
interface Noticed extends Seen {
  frames: readonly Frame[]
  profiling: Promise<void> | undefined
}

/** Long enough for a hundred samples, short enough to name a stall while it lasts. */
const PROFILE_MS = 100
const FRAMES_MAX = 5
/**
 * A profile that began so shortly before the end may show what ran next and not what blocked, unless it is in a call
 * that can block: native code is not interrupted, and may have returned just then.
 */
const THIN_MS = 20
/** Heartbeats that are remembered: the app's word on a gap comes moments after its end. */
const REMEMBERED_MAX = 16
/**
 * So much of the threshold must be the code's own time, running or blocked in a call: a thread that has less
 * would not have been late on a machine that has time for it, and the machine is to blame for the gap.
 */
const OWN_THRESHOLDS_MIN = 0.5

/**
 * Watches the heartbeat of the app thread. When it stays away the stall is profiled while it lasts; when
 * it comes back, the app thread itself tells how long it was away.
 */
export class StallWatch {
  readonly #options: StallWatchOptions
  readonly #tickMs: number
  readonly #suspensions: Suspensions
  readonly #timer: NodeJS.Timeout
  #atThreshold: NodeJS.Timeout | undefined
  #asleepMs = 0
  /** The newest first. */
  #seen: readonly Seen[] = [{ beats: 0, beatAtMs: 0, ranMs: 0, asleepMs: 0 }]
  #noticed: Noticed | undefined
  #profileUnderWay: MainThreadProfile | undefined
  #closed = false

  constructor(options: StallWatchOptions) {
    this.#options = options
    this.#tickMs = Math.max(10, Math.min(50, options.thresholdMs / 4))
    this.#suspensions = new Suspensions(this.#tickMs, options.awakeMs, options.now())
    this.#timer = setInterval(() => this.tick(), this.#tickMs)
    this.#timer.unref()
  }

  /** How long the app thread has been blocked now, in ms; 0 while its heart beats. */
  get blockedMs(): number {
    if (this.#noticed === undefined || this.#beats !== this.#noticed.beats) return 0
    return this.#blocked(this.#noticed.beatAtMs, this.#options.now())
  }

  /** Lets go of the app thread at once; resolves when what is known of the last stall is told. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    clearTimeout(this.#atThreshold)
    this.#profileUnderWay?.close()
    await this.#noticed?.profiling
  }

  /** Looks at the heartbeat; the timer does it all the time. */
  tick(): void {
    const nowMs = this.#options.now()
    const [seen] = this.#seen
    this.#noteSleep(nowMs, this.#suspensions.look(nowMs))
    if (this.#beats !== seen!.beats) {
      const fresh = {
        beats: this.#beats,
        beatAtMs: this.#options.memory.clock[BEAT_AT]!,
        // From the app thread where it can tell: to ask the system takes more than the rest of a look.
        ranMs: this.#options.memory.clock[BEAT_RAN] || (this.#options.appThread()?.ranMs ?? 0),
        asleepMs: this.#asleepMs,
      }
      this.#seen = [fresh, ...this.#seen].slice(0, REMEMBERED_MAX)
    } else if (this.#noticed?.beats !== seen!.beats) {
      const leftMs = this.#options.thresholdMs - this.#blocked(seen!.beatAtMs, nowMs)
      if (leftMs > 0) this.#lookAtThreshold(leftMs)
      else if (this.#isStalled(seen!)) {
        this.#noticed = { ...seen!, frames: [], profiling: undefined }
        this.#profile(this.#noticed)
      }
    }
  }

  /** The app thread's own word on a gap that is over: no stall can hide from it. */
  async beatAgain({ startMs, endMs, cpuMs }: BeatGap): Promise<void> {
    this.#suspensions.look(this.#options.now())
    const durationMs = this.#blocked(startMs, endMs)
    if (durationMs < this.#options.thresholdMs) return
    if (this.#isStarved(startMs, cpuMs)) return
    const noticed = this.#noticed?.beatAtMs === startMs ? this.#noticed : undefined
    await noticed?.profiling
    this.#options.onEnd({ durationMs, frames: noticed?.frames ?? [] })
  }

  /** The next look would come up to a whole interval later, when little of a short block is left to profile. */
  #lookAtThreshold(inMs: number): void {
    if (inMs >= this.#tickMs) return
    clearTimeout(this.#atThreshold)
    this.#atThreshold = setTimeout(() => this.tick(), Math.ceil(inMs))
    this.#atThreshold.unref()
  }

  /** An app thread that sleeps while its heartbeat is due sleeps in a call: the loop would have woken it. */
  #noteSleep(nowMs: number, sinceLastMs: number): void {
    const dueMs = this.#options.memory.clock[BEAT_AT]! + this.#options.heartbeatMs
    if (nowMs <= dueMs || !this.#options.appThread()?.isAsleep) return
    this.#asleepMs += Math.min(sinceLastMs, nowMs - dueMs)
  }

  /** Whether a block as long as the threshold is the code's own. */
  #isStalled({ beats, beatAtMs }: Seen): boolean {
    // The first turn of the loop ends the loading of the app, which is no stall.
    if (beats < 2) return false
    // While the app thread waits for our flush it is blocked by us, at its own end.
    const { control } = this.#options.memory
    if (Atomics.load(control, ASKED) > Atomics.load(control, DONE)) return false
    return !this.#isStarved(beatAtMs, 0)
  }

  /**
   * Whether the thread stood still for want of a processor: then the code has done nothing wrong. The time that it
   * was ready to run is no measure of that: a virtual processor may itself stand still.
   */
  #isStarved(sinceMs: number, cpuMs: number): boolean {
    const state = this.#options.appThread()
    const before = this.#seen.find(({ beatAtMs }) => beatAtMs <= sinceMs)
    if (state === undefined || before === undefined) return false
    const ranMs = cpuMs > 0 ? cpuMs : state.ranMs - before.ranMs
    const ownMs = ranMs + this.#asleepMs - before.asleepMs
    return ownMs < OWN_THRESHOLDS_MIN * this.#options.thresholdMs
  }

  get #beats(): number {
    return this.#options.memory.clock[BEATS]!
  }

  /**
   * The next heartbeat was due one interval after the last one; what is beyond is the block, less the
   * time in which the process was suspended.
   */
  #blocked(sinceMs: number, untilMs: number): number {
    const suspendedMs = this.#suspensions.between(sinceMs, untilMs)
    return Math.max(0, untilMs - sinceMs - this.#options.heartbeatMs - suspendedMs)
  }

  /** When the heart beat again: only the newest beat is told, so the first is counted back to. */
  #endOf({ beats }: Noticed): number {
    const { memory, heartbeatMs } = this.#options
    const since = this.#beats - beats
    if (since === 0) return Number.POSITIVE_INFINITY
    return memory.clock[BEAT_AT]! - (since - 1) * heartbeatMs
  }

  #profile(stall: Noticed): void {
    const { profile, mayProfile, onError } = this.#options
    if (profile === undefined || this.#closed || !mayProfile()) return
    try {
      stall.profiling = this.#name(stall, profile()).catch((error) => {
        // A profile that was cut off because the app ends is no error.
        if (!this.#closed) onError(error)
      })
    } catch (error) {
      onError(error)
    }
  }

  async #name(stall: Noticed, profile: MainThreadProfile): Promise<void> {
    this.#profileUnderWay = profile
    try {
      await profile.started
      await this.#sleepWhileBlocked(stall)
      const sampled = await profile.stop()
      // What ran after the stall is not its cause. Native code is sampled the moment it returns.
      const endMs = Math.min(this.#endOf(stall), this.#options.now())
      const found = hotFrames(sampled, FRAMES_MAX, this.#endOf(stall))
      const isThin = endMs - sampled.startTime / 1000 < THIN_MS && found[0]?.callee === ''
      const frames = isThin ? [] : found
      stall.frames = await this.#findHiddenLoop(stall, frames, profile)
      if (stall.frames.length === 0) return
      const untilMs = Math.min(this.#endOf(stall), this.#options.now())
      const durationMs = this.#blocked(stall.beatAtMs, untilMs)
      this.#options.onNamed({ durationMs, frames: stall.frames })
    } finally {
      profile.close()
      this.#profileUnderWay = undefined
    }
  }

  /** Asks the thread itself where it is when the profile may not know the function that runs. */
  async #findHiddenLoop(
    stall: Noticed,
    frames: readonly Frame[],
    profile: MainThreadProfile,
  ): Promise<readonly Frame[]> {
    if (!mayHideLoop(frames) || !this.#lasts(stall) || !this.#options.mayPause()) return frames
    const stack = await profile.readStack(() => this.#lasts(stall))
    return stack === undefined ? frames : correctByStack(frames, stack)
  }

  #lasts(stall: Noticed): boolean {
    return !this.#closed && this.#beats === stall.beats
  }

  async #sleepWhileBlocked(stall: Noticed): Promise<void> {
    const endMs = this.#options.now() + PROFILE_MS
    while (this.#lasts(stall) && this.#options.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}
