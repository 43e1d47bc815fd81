import { isMainThread } from 'node:worker_threads'
import { GcObserver } from './gc-observer.ts'
import { GcTally } from './gc-tally.ts'
import { GcTrace } from './gc-trace.ts'
import { type ErrorSink, guarded } from './guard.ts'

/** Later than a short script lives, which is spared the inspector, and not at once with the runtime's samples. */
const TRACE_AFTER_MS = 1250
const TAKE_EVERY_MS = 500

export interface GcWatchOptions {
  readonly onError: ErrorSink
  /** Shorter times are for tests. */
  readonly traceAfterMs?: number
  readonly takeEveryMs?: number
}

/**
 * Counts the main thread's garbage collections the way that costs the app least. To observe one takes 0.2 ms in Node 22
 * to 24 and leaves 4 kB that live until the next full one, and while the loop is blocked they pile up, gigabytes of them;
 * so V8's trace takes over there, where it is to be had. What is collected in the turn of the loop in which it does may
 * be missed. Of a worker thread no collections are told, so none are counted.
 */
export class GcWatch {
  readonly tally = new GcTally()
  #counter: GcObserver | GcTrace | undefined
  #timer: NodeJS.Timeout | undefined

  constructor({ onError, traceAfterMs, takeEveryMs }: GcWatchOptions) {
    if (!isMainThread) return
    this.#counter = new GcObserver(this.tally)
    if (isObservingCheap(process.versions.node)) return
    const trace = guarded(onError, () => this.#trace(onError, takeEveryMs ?? TAKE_EVERY_MS))
    this.#timer = setTimeout(trace, traceAfterMs ?? TRACE_AFTER_MS).unref()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#counter?.close()
  }

  #trace(onError: ErrorSink, takeEveryMs: number): void {
    const trace = beginTrace(this.tally)
    // The observer goes on, and nothing is missed.
    if (trace === undefined) return
    this.#counter?.close()
    this.#counter = trace
    const take = guarded(onError, () => trace.take())
    this.#timer = setInterval(take, takeEveryMs).unref()
  }
}

/** Undefined where the app has a trace of its own, which ours would be mixed into, or Node is without the inspector. */
function beginTrace(tally: GcTally): GcTrace | undefined {
  try {
    const { getEnabledCategories } = process.getBuiltinModule('node:trace_events')
    return getEnabledCategories() === undefined ? new GcTrace(tally) : undefined
  } catch {
    return undefined
  }
}

/** Whether Node makes an observed entry without the deprecated properties that cost so much, as it does since 25. */
function isObservingCheap(nodeVersion: string): boolean {
  return Number.parseInt(nodeVersion, 10) > 24
}
