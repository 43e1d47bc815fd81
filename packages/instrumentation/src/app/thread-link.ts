import { basename } from 'node:path'
import { clearTimeout, setInterval, setTimeout } from 'node:timers'
import * as threads from 'node:worker_threads'
import { type SharedMemory, STATE, STATE_READY } from '../shared/memory-layout.ts'
import type { AppMessage, SpanBatch } from '../shared/messages.ts'
import { withOwnDelays } from '../shared/take-delays.ts'
import { THREADS_CHANNEL, type ThreadMessage } from '../shared/thread-messages.ts'
import { BATCHES_ON_THE_WAY_MAX, type Link, takenBatches } from './watch-link.ts'

/** The watch thread of a process that has just begun is up by then. */
const SECOND_HELLO_MS = 300
/** The longest that the event loop rests, and so the error of its delay. */
const TURN_MS = 50

/**
 * The end of the watch thread in a worker thread of the app: one watch thread serves the whole process. Messages do
 * not pass the main thread, which may be blocked, and no handle stays open here between them.
 */
export class ThreadLink implements Link {
  readonly #memory: SharedMemory
  #second: NodeJS.Timeout | undefined
  #sentBatches = 0
  #appMetrics: AppMessage | undefined

  constructor(memory: SharedMemory) {
    this.#memory = memory
  }

  start(): void {
    // Node counts as delay what a turn of the loop took beyond the time to the next timer, so a thread without timers
    // would seem to have none. The main thread has its heartbeat.
    setInterval(() => {}, TURN_MS).unref()
    this.#hello()
    this.#second = setTimeout(() => this.#hello(), SECOND_HELLO_MS).unref()
  }

  /** Nothing to hurry for: the watch thread begins with the process. */
  startLate(): void {}

  sendSpans(batch: SpanBatch): boolean {
    if (!this.#ready || this.#sentBatches - takenBatches(this.#memory) >= BATCHES_ON_THE_WAY_MAX) {
      return false
    }
    this.#sentBatches++
    this.#post({ type: 'spans', ...batch })
    return true
  }

  send(message: AppMessage): void {
    // They may come when the loop is empty; a channel that is opened then would begin its next turn, and the next.
    if (message.type === 'app-metrics') this.#appMetrics = message
    else if (this.#ready) {
      this.#post(withoutHistogram(message))
      this.#postAppMetrics()
    } else this.#hello()
  }

  requestFlush(): void {}

  /** The thread ends: the watch thread keeps what it has counted. Nobody waits for that. */
  shutdown(): void {
    clearTimeout(this.#second)
    this.#hello()
    this.#postAppMetrics()
    this.#post({ type: 'bye' })
  }

  #postAppMetrics(): void {
    if (this.#appMetrics !== undefined) this.#post(this.#appMetrics)
    this.#appMetrics = undefined
  }

  get #ready(): boolean {
    return Atomics.load(this.#memory.control, STATE) === STATE_READY
  }

  #hello(): void {
    if (this.#ready) return
    this.#post({ type: 'hello', buffer: this.#memory.buffer, name: threadName() })
  }

  #post(message: ThreadMessage['message']): void {
    const channel = new threads.BroadcastChannel(THREADS_CHANNEL)
    channel.postMessage({ threadId: threads.threadId, message } satisfies ThreadMessage)
    channel.close()
  }
}

/** A histogram goes to one receiver only, and a channel may have several at a time. */
function withoutHistogram(message: AppMessage): AppMessage {
  if (message.type !== 'runtime') return message
  return { ...message, sample: withOwnDelays(message.sample) }
}

/** The name that the app gave this thread; older versions of Node do not tell it, and most threads have none. */
function threadName(): string {
  const { threadName: given = '' } = threads as { readonly threadName?: string }
  if (given !== '' && given !== 'WorkerThread') return given
  return basename(process.argv[1] ?? '') || 'worker'
}
