import { constants, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { GcTally } from './gc-tally.ts'

const KINDS: ReadonlyMap<number, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
])

interface GcEntry {
  readonly duration: number
  readonly detail: { readonly kind: number }
}

/** Counts this thread's garbage collections as Node observes them, each when the loop turns after it. */
export class GcObserver {
  readonly #observer: PerformanceObserver
  readonly #tally: GcTally

  constructor(tally: GcTally) {
    this.#tally = tally
    this.#observer = new PerformanceObserver((list) => this.#count(list.getEntries()))
    this.#observer.observe({ type: 'gc' })
  }

  close(): void {
    this.#count(this.#observer.takeRecords())
    this.#observer.disconnect()
  }

  #count(entries: readonly unknown[]): void {
    for (const { duration, detail } of entries as readonly GcEntry[]) {
      const kind = KINDS.get(detail.kind)
      if (kind === undefined) continue
      if (kind === 'major') this.#tally.heapFloorBytes = getHeapStatistics().used_heap_size
      this.#tally.count(kind, duration / 1000)
    }
  }
}
