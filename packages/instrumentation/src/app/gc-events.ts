import type { GcTally } from './gc-tally.ts'

const MAIN_THREAD = 'JavaScriptMainThread'
/** Events with a beginning and an end of their own. */
const PAUSES: Readonly<Record<string, string>> = { MinorGC: 'minor', MajorGC: 'major' }
/** Some versions of V8 put these into a `MajorGC`, though they collect nothing; they have an event of their own. */
const WEAK_CALLBACKS = 'invoke weak phantom callbacks'
/** Events that tell how long they took. */
const STEPS: Readonly<Record<string, string>> = {
  'V8.GCIncrementalMarkingStart': 'incremental',
  'V8.GCPhantomHandleProcessingCallback': 'weakcb',
}

/** An event of V8's trace, as far as it is read here (Trace Event Format; times in microseconds). */
export interface TraceEvent {
  readonly name: string
  /** The phase: `B` of a beginning, `E` of an end, `X` of what is complete, `M` of what describes the others. */
  readonly ph: string
  readonly tid: number
  readonly ts: number
  readonly dur?: number
  readonly args: {
    readonly name?: string
    readonly type?: string
    readonly usedHeapSizeAfter?: number
  }
}

/** Counts the collections of the main thread that V8 told of by events of the category `v8`, in their order. */
export class GcEvents {
  readonly #tally: GcTally
  #mainThread: number | undefined
  #pause: TraceEvent | undefined

  constructor(tally: GcTally) {
    this.#tally = tally
  }

  /** Takes the next events; the first ones tell which thread is the main one. */
  read(events: readonly TraceEvent[]): void {
    this.#mainThread ??= events.find(isMainThreadsName)?.tid
    for (const event of events) {
      if (event.tid === this.#mainThread) this.#count(event)
    }
  }

  #count(event: TraceEvent): void {
    const { name, ph, ts, dur = 0, args } = event
    const step = STEPS[name]
    if (step !== undefined) this.#tally.count(step, dur / 1e6)
    const kind = PAUSES[name]
    if (kind === undefined) return
    const began = this.#pause
    this.#pause = ph === 'B' ? event : undefined
    // The beginning of the first one may be older than the trace.
    if (ph !== 'E' || began === undefined || began.args.type === WEAK_CALLBACKS) return
    this.#tally.count(kind, (ts - began.ts) / 1e6)
    if (kind === 'major') this.#tally.heapFloorBytes = args.usedHeapSizeAfter
  }
}

function isMainThreadsName({ name, args }: TraceEvent): boolean {
  return name === 'thread_name' && args.name === MAIN_THREAD
}
