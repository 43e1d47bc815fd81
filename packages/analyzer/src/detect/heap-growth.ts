import { fitLine, type Point } from './line-fit.ts'

const MIB = 1024 ** 2

/** From when on growth of what survives major collections is a leak. */
export const HEAP_GROWTH = {
  warmUpSeconds: {
    value: 10,
    unit: 's',
    reason: 'modules, JIT code and first caches fill the heap of every new process',
  },
  floorGrowth: {
    value: 32 * MIB,
    unit: 'By',
    reason: 'bounded caches and saw-teeth of 10 to 30 MiB are ordinary',
  },
  growthShare: {
    value: 0.3,
    unit: '1',
    reason: 'against where it started: a big service moves by tens of MiB without leaking',
  },
  collections: {
    value: 4,
    unit: '{collection}',
    reason: 'a line through fewer collections fits anything',
  },
  rSquared: {
    value: 0.8,
    unit: '1',
    reason: 'steady growth is a line; load that comes and goes is not',
  },
  tailShare: {
    value: 0.3,
    unit: '1',
    reason: 'a leak goes on: the second half of the time has its part; a warm-up has levelled off',
  },
  drawdown: {
    value: 0.25,
    unit: '1',
    reason: 'a collection that frees a quarter of what had grown shows that it can be freed',
  },
  earlySeconds: {
    value: 8,
    unit: 's',
    reason:
      'with few collections, heap in use must have gone on growing for this long after the last',
  },
  earlyFloorGrowth: {
    value: 48 * MIB,
    unit: 'By',
    reason: 'with few collections, more must survive before it counts',
  },
  earlyRSquared: {
    value: 0.9,
    unit: '1',
    reason: 'with few collections, heap in use itself must be a line, which a saw-tooth is not',
  },
} as const

/** One instance's heap over some time, oldest first. */
export interface HeapHistory {
  /** Heap in use right after the last major collection; a new value is a new collection. */
  readonly floor: readonly Point[]
  /** Heap in use without the young generation; empty where nobody reports it. Asked only when it is needed. */
  readonly used: () => readonly Point[]
  /** True when the process is younger than the history: its warm-up is in it. */
  readonly young: boolean
}

/** A leak: how much grew in which time, how fast it grows. */
export interface HeapGrowth {
  readonly startBytes: number
  readonly endBytes: number
  readonly seconds: number
  readonly bytesPerSecond: number
  readonly collections: number
  /** 0 to 1, of the line through the collections (or of the heap in use, where those are few). */
  readonly rSquared: number
}

/** Judges whether what survives major collections grows without end; undefined when it does not. */
export function judgeHeapGrowth(history: HeapHistory): HeapGrowth | undefined {
  const collections = collectionsOf(history)
  const first = collections[0]
  const last = collections.at(-1)
  if (first === undefined || last === undefined || collections.length < 2) return undefined
  const growth = last[1] - first[1]
  const grownEnough =
    growth >= HEAP_GROWTH.floorGrowth.value && growth >= HEAP_GROWTH.growthShare.value * first[1]
  if (!grownEnough || drawdownOf(collections) > HEAP_GROWTH.drawdown.value * growth)
    return undefined
  const steady =
    collections.length >= HEAP_GROWTH.collections.value
      ? growsSteadily(collections, history)
      : growsSoFar(collections, history)
  if (steady === undefined) return undefined
  return {
    startBytes: first[1],
    endBytes: last[1],
    seconds: last[0] - first[0],
    bytesPerSecond: growth / (last[0] - first[0]),
    collections: collections.length,
    rSquared: steady,
  }
}

/** The instants at which the floor was found anew, after the warm-up. */
function collectionsOf({ floor, young }: HeapHistory): Point[] {
  const start = floor[0]
  if (start === undefined) return []
  const warmUntil = young ? start[0] + HEAP_GROWTH.warmUpSeconds.value : -Infinity
  const collections: Point[] = []
  for (const point of floor) {
    // The floor in force when the warm-up ends is where counting starts.
    if (point[0] <= warmUntil) collections.length = 0
    if (collections.at(-1)?.[1] !== point[1]) collections.push(point)
  }
  return collections
}

/** The deepest fall from a height that was reached before. */
function drawdownOf(points: readonly Point[]): number {
  let top = -Infinity
  let deepest = 0
  for (const [, value] of points) {
    top = Math.max(top, value)
    deepest = Math.max(deepest, top - value)
  }
  return deepest
}

function growsSteadily(collections: readonly Point[], history: HeapHistory): number | undefined {
  const { rSquared } = fitLine(collections)
  const end = history.floor.at(-1)![0]
  const middle = (collections[0]![0] + end) / 2
  const atMiddle = collections.findLast(([seconds]) => seconds <= middle) ?? collections[0]!
  const growth = collections.at(-1)![1] - collections[0]![1]
  const tail = (collections.at(-1)![1] - atMiddle[1]) / growth
  const steady = rSquared >= HEAP_GROWTH.rSquared.value && tail >= HEAP_GROWTH.tailShare.value
  return steady ? rSquared : undefined
}

/**
 * V8 collects the more rarely the larger the heap: in the first minute of a strong leak there are two or
 * three major collections. Then the heap in use between them must speak, too: it rises in a line, and it
 * went on rising after the last collection.
 */
function growsSoFar(collections: readonly Point[], history: HeapHistory): number | undefined {
  const first = collections[0]!
  const last = collections.at(-1)!
  if (last[1] - first[1] < HEAP_GROWTH.earlyFloorGrowth.value) return undefined
  const used = history.used().filter(([seconds]) => seconds >= first[0])
  const now = used.at(-1)
  if (now === undefined) return undefined
  if (now[0] - last[0] < HEAP_GROWTH.earlySeconds.value) return undefined
  const whole = fitLine(used)
  const tail = fitLine(used.filter(([seconds]) => seconds > last[0]))
  const goesOn = tail.slope >= 0.5 * whole.slope && tail.rSquared >= HEAP_GROWTH.earlyRSquared.value
  return whole.rSquared >= HEAP_GROWTH.earlyRSquared.value && goesOn ? whole.rSquared : undefined
}
