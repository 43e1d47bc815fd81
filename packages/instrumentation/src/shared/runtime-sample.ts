import type { Histogram } from 'node:perf_hooks'

/** The delays of the event loop between two samples, in ms. */
export interface LoopDelays {
  readonly count: number
  readonly minMs: number
  readonly maxMs: number
  readonly meanMs: number
  readonly stddevMs: number
  /** `[percentile, ms]`, ascending: so many percent of the delays are at most so long. */
  readonly percentiles: readonly (readonly [percentile: number, ms: number])[]
}

/**
 * Node's histogram of the event loop's delays, in nanoseconds. A copy of it in another thread has the same counts, so
 * the watch thread reads them: mean and deviation alone take half a millisecond.
 */
export interface SharedDelays {
  readonly histogram: Histogram
  /** What each delay holds too much. */
  readonly offsetMs: number
}

/** Garbage collections of one kind since the process began. */
export interface GcCounts {
  readonly kind: string
  /** Collections per bucket of `GC_SECONDS`. */
  readonly buckets: readonly number[]
  readonly sumSeconds: number
}

/** A space of the V8 heap, in bytes. */
export interface HeapSpace {
  readonly name: string
  readonly used: number
  readonly size: number
  readonly available: number
  readonly physical: number
}

/** What only the app thread can see of its own runtime, taken about once a second. */
export interface RuntimeSample {
  /** Since the process began. */
  readonly loopActiveMs: number
  readonly loopIdleMs: number
  /** Undefined when the loop has not turned since the sample before. */
  readonly delays: LoopDelays | undefined
  readonly gc: readonly GcCounts[]
  readonly heapLimitBytes: number
  /** In use right after the last major collection; undefined before the first. */
  readonly heapFloorBytes: number | undefined
  readonly heapSpaces: readonly HeapSpace[]
  /** Whether a debugger may be attached: then nothing but the debugger may pause this thread. */
  readonly debugged: boolean
  /** What keeps the event loop alive, by type. */
  readonly resources: Readonly<Record<string, number>>
}

/** A sample as its thread takes it: the delays are still in the histogram. */
export type OwnRuntimeSample = Omit<RuntimeSample, 'delays'> & { readonly delays: SharedDelays }

/** A sample on its way to the watch thread, which takes the delays out itself where the histogram can be shared. */
export type SentRuntimeSample = RuntimeSample | OwnRuntimeSample

/** Upper bounds of the buckets of garbage collections: most minor ones take less than a millisecond. */
export const GC_SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 10,
] as const
