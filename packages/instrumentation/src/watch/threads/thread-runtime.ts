import type { RuntimeSample } from '../../shared/runtime-sample.ts'
import type { MetricSource } from '../metrics/metric-batch.ts'
import { MetricBatch } from '../metrics/metric-batch.ts'
import { mergeDelays } from '../probes/merge-delays.ts'
import type { AppThreads } from './app-threads.ts'

/** What one reader of the metrics has seen of a thread so far. */
interface Look {
  readonly cursor: number
  readonly sample: RuntimeSample | undefined
}

/**
 * The event loops and heaps of the app's worker threads that live: `nodejs.worker.*`. They have names of their own,
 * because a worker that is busy all the time does what it is there for, while a main thread in that state is ill.
 */
export function threadRuntime(threads: AppThreads, startedAtMs: number): MetricSource {
  let looks = new Map<number, Look>()
  return {
    collect({ wallMs }) {
      const batch = new MetricBatch(startedAtMs, wallMs)
      const seen = new Map<number, Look>()
      for (const { threadId, name, runtime } of threads.living) {
        const { latest } = runtime
        const before = looks.get(threadId)
        seen.set(threadId, { cursor: runtime.cursor, sample: latest ?? before?.sample })
        if (latest === undefined) continue
        const attributes = { 'thread.id': threadId, 'thread.name': name }
        const delays = mergeDelays(runtime.since(before?.cursor ?? 0))
        const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000)
        batch.add(
          'nodejs.worker.eventloop.utilization',
          utilization(before?.sample, latest),
          attributes,
        )
        batch.add('nodejs.worker.eventloop.delay.max', seconds(delays?.maxMs), attributes)
        batch.add('nodejs.worker.eventloop.delay.p99', seconds(delays?.p99Ms), attributes)
        const used = latest.heapSpaces.reduce((sum, space) => sum + space.used, 0)
        batch.add('nodejs.worker.heap.used', used, attributes)
        batch.add('nodejs.worker.heap.limit', latest.heapLimitBytes, attributes)
      }
      looks = seen
      if (seen.size > 0) batch.add('nodejs.worker.count', seen.size)
      return batch.toMetrics()
    },
  }
}

function utilization(before: RuntimeSample | undefined, latest: RuntimeSample): number | undefined {
  const activeMs = latest.loopActiveMs - (before?.loopActiveMs ?? 0)
  const idleMs = latest.loopIdleMs - (before?.loopIdleMs ?? 0)
  return activeMs + idleMs > 0 ? activeMs / (activeMs + idleMs) : undefined
}
