import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import type { OwnRuntimeSample, SharedDelays } from '../shared/runtime-sample.ts'
import { ActiveResources } from './active-resources.ts'
import type { GcTally } from './gc-tally.ts'
import { GcWatch } from './gc-watch.ts'
import { type ErrorSink, guarded } from './guard.ts'

export interface RuntimeProbeOptions {
  readonly everyMs: number
  readonly send: (sample: OwnRuntimeSample) => void
  readonly onError: ErrorSink
}

const RESOLUTION_MS = 20

/**
 * Samples what only this thread can see of the runtime, and sends it to the watch thread. It costs some
 * 100 microseconds each time and never keeps the process alive. Returns how to stop it.
 */
export function startRuntimeProbe({ everyMs, send, onError }: RuntimeProbeOptions): () => void {
  const delays = watchDelays(process.versions.node)
  const gc = new GcWatch({ onError })
  const resources = new ActiveResources()
  const look = guarded(onError, () => send(takeSample(delays, gc.tally, resources)))
  const timer = setInterval(look, everyMs).unref()
  return () => {
    clearInterval(timer)
    delays.histogram.disable()
    gc.close()
  }
}

function takeSample(
  delays: SharedDelays,
  gc: GcTally,
  resources: ActiveResources,
): OwnRuntimeSample {
  const { active, idle } = performance.eventLoopUtilization()
  return {
    loopActiveMs: active,
    loopIdleMs: idle,
    delays,
    gc: gc.counts(),
    heapLimitBytes: getHeapStatistics().heap_size_limit,
    heapFloorBytes: gc.heapFloorBytes,
    heapSpaces: getHeapSpaceStatistics().map((space) => ({
      name: space.space_name,
      used: space.space_used_size,
      size: space.space_size,
      available: space.space_available_size,
      physical: space.physical_space_size,
    })),
    // Not imported: loading it takes two milliseconds, which are better spent after the start.
    debugged:
      process.features.inspector && process.getBuiltinModule('node:inspector').url() !== undefined,
    resources: resources.counts(),
  }
}

/**
 * The delays of the event loop. Newer versions of Node measure each turn of the loop; the older ones
 * measure how late a timer is, and count the timer's own interval in.
 */
function watchDelays(
  nodeVersion: string,
): SharedDelays & { readonly histogram: ReturnType<typeof monitorEventLoopDelay> } {
  const perIteration = measuresEachTurn(nodeVersion)
  const options = { resolution: RESOLUTION_MS, samplePerIteration: perIteration }
  const histogram = monitorEventLoopDelay(options)
  histogram.enable()
  return { histogram, offsetMs: perIteration ? 0 : RESOLUTION_MS }
}

/** `samplePerIteration` came with Node 26.5 and was carried back to 24.21. */
function measuresEachTurn(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  return major > 26 || (major === 26 && minor >= 5) || (major === 24 && minor >= 21)
}
