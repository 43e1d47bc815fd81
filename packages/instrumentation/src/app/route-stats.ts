import type { HistogramRecorder } from '../shared/histogram-recorder.ts'
import type { CallShape, WaitKind } from './call-shape.ts'
import type { CallGroup, OwnTime } from './time-split.ts'
import { SlowBound } from './trace-chooser.ts'

/** The histograms that every local root is recorded into. */
export interface RootHistograms {
  readonly timeSplit: HistogramRecorder
  readonly childCalls: HistogramRecorder
}

/** Parts of a request below this are left out of the split: they are noise of the clock. */
const PART_MIN_MS = 0.05

/** Of so many requests of a route one is counted when the governor wants less to be done. */
const THRIFTY_EVERY = 10

interface ShapePlaces {
  readonly split: number
  readonly calls: number
}

/** What is known about one route: where its numbers go, and what is slow for it. */
export class RouteStats {
  readonly slowBound = new SlowBound()
  readonly #route: string | undefined
  #untilCounted = 0
  readonly #histograms: RootHistograms
  readonly #own = new Map<WaitKind, number>()
  readonly #places = new Map<CallShape, ShapePlaces>()

  constructor(route: string | undefined, histograms: RootHistograms) {
    this.#route = route
    this.#histograms = histograms
  }

  /** Records the parts of one request that were its own. */
  recordOwn(own: Readonly<OwnTime>): void {
    this.#recordPart('cpu', own.cpuMs)
    if (own.eventloopMs > PART_MIN_MS) this.#recordPart('eventloop', own.eventloopMs)
    if (own.otherMs > PART_MIN_MS) this.#recordPart('other', own.otherMs)
  }

  /** Records the time and the number of the calls of one request; when thrifty, one in ten is counted for all ten. */
  recordGroups(first: CallGroup | undefined, thrifty: boolean): void {
    if (first === undefined) return
    const requests = thrifty ? this.#standsFor() : 1
    for (let group: CallGroup | undefined = first; group !== undefined; group = group.next) {
      const places = this.#placesOf(group.shape)
      if (requests > 0 && group.shape.counted) {
        this.#histograms.childCalls.record(places.calls, group.count, requests)
      }
      const waitMs = waitOfTarget(first, group)
      if (waitMs !== undefined) this.#histograms.timeSplit.record(places.split, waitMs / 1000)
    }
  }

  /** For how many requests this one is counted: rates and ratios stay what they are when few are looked at. */
  #standsFor(): number {
    this.#untilCounted = (this.#untilCounted + 1) % THRIFTY_EVERY
    return this.#untilCounted === 0 ? THRIFTY_EVERY : 0
  }

  #recordPart(kind: WaitKind, ms: number): void {
    let place = this.#own.get(kind)
    if (place === undefined) {
      place = this.#histograms.timeSplit.intern(this.#attributes({ 'wait.kind': kind }))
      this.#own.set(kind, place)
    }
    this.#histograms.timeSplit.record(place, ms / 1000)
  }

  #placesOf(shape: CallShape): ShapePlaces {
    let places = this.#places.get(shape)
    if (places === undefined) {
      const { timeSplit, childCalls } = this.#histograms
      const { kind, target } = shape
      places = {
        split: timeSplit.intern(this.#attributes({ 'wait.kind': kind, 'wait.target': target })),
        calls: shape.counted
          ? childCalls.intern(
              this.#attributes({
                'call.kind': kind,
                'call.target': target,
                'call.shape': shape.shape,
              }),
            )
          : -1,
      }
      this.#places.set(shape, places)
    }
    return places
  }

  #attributes(attributes: Record<string, string>): Record<string, string> {
    return this.#route === undefined ? attributes : { 'http.route': this.#route, ...attributes }
  }
}

/** The waiting time of all groups with the target of one, at the first of them; undefined at the others. */
function waitOfTarget(first: CallGroup, one: CallGroup): number | undefined {
  const { kind, target } = one.shape
  let waitMs = 0
  let passed = false
  for (let group: CallGroup | undefined = first; group !== undefined; group = group.next) {
    if (group === one) passed = true
    if (group.shape.kind !== kind || group.shape.target !== target) continue
    if (!passed) return undefined
    waitMs += group.waitMs
  }
  return waitMs
}
