import { clearTimeout, setTimeout } from 'node:timers'
import { Worker } from 'node:worker_threads'
import type { Settings } from '../settings/settings.ts'
import {
  ASKED,
  DIRECTORY,
  DONE,
  type SharedMemory,
  STATE,
  STATE_READY,
  STATE_STARTING,
  TAKEN,
} from '../shared/memory-layout.ts'
import type { AppMessage, SpanBatch, WatchMessage, WatchThreadData } from '../shared/messages.ts'
import { nowMs, timeOriginMs } from '../shared/own-clock.ts'
import { WATCH_FILE } from '../watch-file.ts'
import { addressSpaceShortage } from './address-space.ts'
import { clusterPlace } from './cluster-place.ts'
import { Heartbeat } from './heartbeat.ts'

/** The slowest heartbeat by which the app thread shows that it is alive: each wakes an idle process. */
const HEARTBEAT_MS_MAX = 50
const START_AFTER_MS = 100
/** A process that ends before the watch thread is up waits this long for it, on a machine that is busy. */
const UP_WAIT_MS = 1_000
/** Batches of spans on their way; a stuck watch thread must not make the app's memory grow. */
export const BATCHES_ON_THE_WAY_MAX = 16

// The watch thread's young generation is small on purpose: V8 would take 16 MB and more for it.
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 }

/** How a thread of the app reaches the watch thread. */
export interface Link {
  start(): void
  /** For a thread that ends before `start` took effect and has something to tell. */
  startLate(): void
  send(message: AppMessage): void
  /** Sends a batch of spans; false when too many are on their way already. */
  sendSpans(batch: SpanBatch): boolean
  /** Asks for a flush and goes on at once. */
  requestFlush(): void
  /** The end. Blocks for `waitMs` at most. */
  shutdown(waitMs: number): void
}

/** Batches of spans that the watch thread has taken from a thread so far. */
export function takenBatches({ control }: SharedMemory): number {
  return Atomics.load(control, TAKEN)
}

/** The app thread's end of the watch thread: starts it, talks to it, and waits for it at the end, bounded. */
export class WatchLink implements Link {
  readonly #memory: SharedMemory
  readonly #settings: Settings
  readonly #warn: (line: string) => void
  #worker: Worker | undefined
  #heartbeat: Heartbeat | undefined
  #delayed: NodeJS.Timeout | undefined
  #sentBatches = 0

  constructor(memory: SharedMemory, settings: Settings, warn: (line: string) => void) {
    this.#memory = memory
    this.#settings = settings
    this.#warn = warn
  }

  /**
   * Starts the watch thread in a moment. It never keeps the process alive, and its failure is one line on stderr.
   * An app that begins on one processor would have to share it with this thread's own beginning.
   */
  start(): void {
    this.#delayed = setTimeout(() => this.#startNow(), START_AFTER_MS).unref()
  }

  /** For an app that ends before that moment and has something to tell. */
  startLate(): void {
    if (this.#delayed === undefined) return
    clearTimeout(this.#delayed)
    if (Atomics.load(this.#memory.control, DIRECTORY) > 0) this.#startNow()
  }

  #startNow(): void {
    this.#delayed = undefined
    // A stall must be seen well before it is as long as the user wants to know of.
    const heartbeatMs = Math.min(HEARTBEAT_MS_MAX, this.#settings.stall.thresholdMs / 4)
    const data: WatchThreadData = {
      buffer: this.#memory.buffer,
      settings: this.#settings,
      mainScript: process.argv[1],
      cluster: clusterPlace(),
      heartbeatMs,
      startedAtMs: timeOriginMs,
    }
    let worker: Worker
    try {
      worker = newWatchThread(data)
    } catch (error) {
      // The app has no part in it, and this is a timer of ours.
      this.#warn(`the watch thread cannot start: ${messageOf(error)}`)
      return
    }
    worker.on('message', (message: WatchMessage) => this.#warn(message.text))
    worker.on('error', (error) => {
      this.#warn(`the watch thread ended: ${messageOf(error)}`)
      this.#forget()
    })
    worker.on('exit', () => this.#forget())
    // After the listeners: a listener for messages makes the thread keep the process alive again.
    worker.unref()
    this.#worker = worker
    this.#heartbeat = new Heartbeat({
      memory: this.#memory,
      everyMs: heartbeatMs,
      lateMs: this.#settings.stall.thresholdMs,
      tellGap: (gap) => this.send({ type: 'gap', gap }),
    })
  }

  /** Whether the watch thread could still come up or is up. */
  get alive(): boolean {
    const state = Atomics.load(this.#memory.control, STATE)
    return this.#worker !== undefined && (state === STATE_STARTING || state === STATE_READY)
  }

  /** Sends a batch of spans; false when too many are on their way already. */
  sendSpans(batch: SpanBatch): boolean {
    const underWay = this.#sentBatches - takenBatches(this.#memory)
    if (!this.alive || underWay >= BATCHES_ON_THE_WAY_MAX) return false
    this.#sentBatches++
    // What is handed over is not copied once more.
    const given = 'scopes' in batch ? batch.scopes.map(({ bytes }) => bytes.buffer) : []
    this.#worker?.postMessage({ type: 'spans', ...batch }, given)
    return true
  }

  send(message: AppMessage): void {
    this.#worker?.postMessage(message)
  }

  /** Asks for a flush and goes on at once. */
  requestFlush(): void {
    if (this.alive) this.send({ type: 'flush', number: this.#nextAsked() })
  }

  /**
   * The end: the watch thread exports what there is, and this thread is blocked until it has, for `waitMs` at
   * most from when it is up. Nothing else can be done in an `exit` listener, where no callback runs any more.
   */
  shutdown(waitMs: number): void {
    this.#heartbeat?.stop()
    if (!this.alive) return
    const number = this.#nextAsked()
    this.send({ type: 'shutdown', number })
    const { control } = this.#memory
    Atomics.wait(control, STATE, STATE_STARTING, UP_WAIT_MS)
    const endMs = nowMs() + waitMs
    for (;;) {
      const done = Atomics.load(control, DONE)
      const leftMs = endMs - nowMs()
      if (done >= number || leftMs <= 0) break
      Atomics.wait(control, DONE, done, leftMs)
    }
    this.#worker = undefined
  }

  #nextAsked(): number {
    return Atomics.add(this.#memory.control, ASKED, 1) + 1
  }

  #forget(): void {
    this.#worker = undefined
    this.#heartbeat?.abandon()
  }
}

/** @throws where no further thread is allowed, or has room */
function newWatchThread(workerData: WatchThreadData): Worker {
  const shortage = addressSpaceShortage()
  if (shortage !== undefined) throw new Error(shortage)
  // The app's own preloads and flags are not for this thread, and `node --watch` need not know of its files.
  const { WATCH_REPORT_DEPENDENCIES: _, ...environment } = process.env
  return new Worker(WATCH_FILE, {
    workerData,
    execArgv: ['--no-warnings'],
    env: { ...environment, NODE_OPTIONS: '' },
    resourceLimits: RESOURCE_LIMITS,
    name: 'chokepoint',
    // Node would join these with the app's, and so open them: a pipe does not block any more from then on, and what
    // an app writes to it by `fs.writeSync` fails. The thread says nothing there.
    stdout: true,
    stderr: true,
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
