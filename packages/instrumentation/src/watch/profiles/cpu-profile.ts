import type { Profiler } from 'node:inspector'
import type { SourceMaps } from '../stall/source-maps.ts'
import { placeOf } from './place.ts'
import { PprofWriter } from './pprof.ts'

export interface CpuProfileHead {
  /** Wall clock when the sampling began, in ms. */
  readonly startedAtMs: number
  readonly sampleEveryMs: number
}

/**
 * V8's CPU profile as pprof: `samples` and `cpu`, the time in which the thread was not idle. Native code is
 * sampled as the function that called it.
 */
export function encodeCpuProfile(
  profile: Profiler.Profile,
  sourceMaps: SourceMaps,
  { startedAtMs, sampleEveryMs }: CpuProfileHead,
): Uint8Array {
  const writer = new PprofWriter(sourceMaps, placeOf)
  const totals = totalsByNode(profile)
  const parents = new Map<number, Profiler.ProfileNode>()
  for (const node of profile.nodes) {
    for (const child of node.children ?? []) parents.set(child, node)
  }
  for (const leaf of profile.nodes) {
    const total = totals.get(leaf.id)
    if (total === undefined || leaf.callFrame.functionName === '(idle)') continue
    const stack = [writer.locate(leaf.callFrame, hottestLine(leaf))]
    for (let node = parents.get(leaf.id); node !== undefined; node = parents.get(node.id)) {
      // The root of V8's tree is no function.
      if (parents.has(node.id)) stack.push(writer.locate(node.callFrame))
    }
    writer.add(stack, [total.samples, Math.round(total.microseconds * 1000)])
  }
  return writer.encode({
    kinds: [
      ['samples', 'count'],
      ['cpu', 'nanoseconds'],
    ],
    shown: 'cpu',
    period: sampleEveryMs * 1e6,
    startedAtMs,
    durationMs: (profile.endTime - profile.startTime) / 1000,
  })
}

interface Total {
  samples: number
  microseconds: number
}

/** Each sample stands for the time until the next one, the last for the time until the end. */
function totalsByNode(profile: Profiler.Profile): ReadonlyMap<number, Total> {
  const { samples = [], timeDeltas = [] } = profile
  const totals = new Map<number, Total>()
  let at = profile.startTime
  for (const [index, id] of samples.entries()) {
    at += timeDeltas[index] ?? 0
    const until = index + 1 < samples.length ? at + (timeDeltas[index + 1] ?? 0) : profile.endTime
    const total = totals.get(id) ?? { samples: 0, microseconds: 0 }
    total.samples++
    // Samples are put in order by V8, yet a delta may be below zero by a few microseconds.
    total.microseconds += Math.max(0, until - at)
    totals.set(id, total)
  }
  return totals
}

function hottestLine({ positionTicks }: Profiler.ProfileNode): number | undefined {
  const hottest = positionTicks?.reduce<Profiler.PositionTickInfo | undefined>(
    (one, two) => (one === undefined || two.ticks > one.ticks ? two : one),
    undefined,
  )
  return hottest?.line
}
