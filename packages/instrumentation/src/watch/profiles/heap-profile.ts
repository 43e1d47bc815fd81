import type { HeapProfiler } from 'node:inspector'
import type { SourceMaps } from '../stall/source-maps.ts'
import { placeOf } from './place.ts'
import { PprofWriter } from './pprof.ts'

export interface HeapProfileHead {
  /** Wall clock when the sampling began, in ms. */
  readonly startedAtMs: number
  readonly durationMs: number
  readonly sampleEveryBytes: number
}

/**
 * V8's sampling heap profile as pprof: `inuse_space`, the bytes that were allocated while it was taken and are
 * still in use, scaled up from the samples.
 */
export function encodeHeapProfile(
  { head }: HeapProfiler.SamplingHeapProfile,
  sourceMaps: SourceMaps,
  { startedAtMs, durationMs, sampleEveryBytes }: HeapProfileHead,
): Uint8Array {
  const writer = new PprofWriter(sourceMaps, placeOf)
  // Not by recursion: the stacks are the app's, and so is their depth.
  const open = head.children.map((node) => ({ node, callers: [] as readonly number[] }))
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, callers } = next
    const stack = [writer.locate(node.callFrame), ...callers]
    if (node.selfSize > 0) writer.add(stack, [Math.round(node.selfSize)])
    for (const child of node.children) open.push({ node: child, callers: stack })
  }
  return writer.encode({
    kinds: [['inuse_space', 'bytes']],
    shown: 'inuse_space',
    period: sampleEveryBytes,
    startedAtMs,
    durationMs,
  })
}
