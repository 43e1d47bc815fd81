import { GC_SECONDS, type GcCounts } from '../shared/runtime-sample.ts'

/** Garbage collections since the process began, by kind, and the heap that the last major one left. */
export class GcTally {
  readonly #kinds = new Map<string, { buckets: number[]; sumSeconds: number }>()
  heapFloorBytes: number | undefined

  count(kind: string, seconds: number): void {
    let counts = this.#kinds.get(kind)
    if (counts === undefined) {
      counts = { buckets: Array.from({ length: GC_SECONDS.length + 1 }, () => 0), sumSeconds: 0 }
      this.#kinds.set(kind, counts)
    }
    const found = GC_SECONDS.findIndex((boundary) => seconds <= boundary)
    counts.buckets[found < 0 ? GC_SECONDS.length : found]! += 1
    counts.sumSeconds += seconds
  }

  counts(): readonly GcCounts[] {
    return Array.from(this.#kinds, ([kind, { buckets, sumSeconds }]) => ({
      kind,
      buckets: [...buckets],
      sumSeconds,
    }))
  }
}
