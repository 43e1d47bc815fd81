import {
  constants,
  type NodeGCPerformanceDetail,
  type PerformanceEntry,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'

const LOOK_MS = 250
/** A collection takes 20 to 40 ms of processor time, most of them beside the program: not more than that a second. */
const BETWEEN_MS_MIN = 1000
/** Less is not worth a collection: about what one pass of rules and detectors leaves behind for 10,000 series. */
const GROWN_BYTES_MIN = 4 * 2 ** 20
/** One that gave back more is followed by another, with which the code and the pages go that it could not free yet. */
const GIVEN_BYTES_MIN = 2 * 2 ** 20
/** The end of a collection holds everything up for 10 to 30 ms, the longer the more is in use. */
const USED_BYTES_MAX = 64 * 2 ** 20
/**
 * Nor is it worth that while much arrives: then the collections that V8 does anyway come soon, and this one, which moves up
 * to 12 MB of objects together at its end, would hold up requests for 40 to 80 ms. 100,000 points a second take 0.1 and more.
 */
const BUSY_SHARE_MAX = 0.06

/** How V8 is told to keep no freed pages for later. */
const SAVE = '--memory-saver-mode'
const SPEND = '--no-memory-saver-mode'
/** How it is told to begin a collection in steps whenever it looks whether one is due, which it does after a minor one. */
const BEGIN = '--stress-incremental-marking'
const BEGUN = '--no-stress-incremental-marking'

/**
 * Has V8 give back what start-up, passes and requests left behind, as long as the process lives. By itself V8 collects only
 * when its heap has grown by a half or more, and keeps the freed pages and a nursery as large as start-up needed: with
 * 10,000 series that is twice what their samples take. These are collections in steps like any other, most of
 * each beside the program. Does nothing where the collector is not to be had (`--expose-gc`).
 */
export function keepGivingBack(): void {
  const { gc } = globalThis
  if (gc === undefined) return
  // What start-up left is given back first.
  let leastBytes = 0
  let asked = false
  let askedAtMs = Number.NEGATIVE_INFINITY
  let askedBytes = 0
  let follows = false
  const collections = new PerformanceObserver((list) => {
    if (!(list.getEntries() as GcEntry[]).some(isWhole)) return
    setFlagsFromString(SPEND)
    collections.disconnect()
    asked = false
    const leftBytes = getHeapStatistics().total_physical_size
    follows = !follows && askedBytes - leftBytes > GIVEN_BYTES_MIN
    leastBytes = follows ? 0 : leftBytes
  })
  let before = performance.eventLoopUtilization()
  setInterval(() => {
    const now = performance.eventLoopUtilization()
    const { utilization: busy } = performance.eventLoopUtilization(now, before)
    before = now
    const { total_physical_size: physical, used_heap_size: used } = getHeapStatistics()
    leastBytes = Math.min(leastBytes, physical)
    if (busy > BUSY_SHARE_MAX || performance.now() - askedAtMs < BETWEEN_MS_MIN) return
    if (asked || used > USED_BYTES_MAX || physical - leastBytes < GROWN_BYTES_MIN) return
    asked = true
    askedAtMs = performance.now()
    askedBytes = physical
    collections.observe({ type: 'gc' })
    setFlagsFromString(SAVE)
    setFlagsFromString(BEGIN)
    gc({ type: 'minor' })
    setFlagsFromString(BEGUN)
  }, LOOK_MS).unref()
}

/** What Node adds to the standard's entries. */
type GcEntry = PerformanceEntry & { readonly detail: NodeGCPerformanceDetail }

/** Not one of the nursery, nor the beginning of one in steps. */
function isWhole({ detail }: GcEntry): boolean {
  return detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR
}
