import type { Histogram } from '@opentelemetry/sdk-metrics'
import { GC_SECONDS, type GcCounts, type RuntimeSample } from '../../shared/runtime-sample.ts'
import type { MetricBatch } from '../metrics/metric-batch.ts'
import { type MergedDelays, mergeDelays } from './merge-delays.ts'
import type { Probe } from './probe.ts'
import type { RuntimeHistory } from './runtime-history.ts'

/**
 * The runtime of the app thread: `nodejs.eventloop.*`, `v8js.*`. While the app thread is blocked no
 * sample comes; then `blockedMs` tells how long, and it counts as busy and as delay.
 */
export function createRuntimeProbe(history: RuntimeHistory, blockedMs: () => number): Probe {
  let cursor = history.cursor
  let delays: MergedDelays | undefined
  let before: RuntimeSample | undefined
  let utilization: number | undefined
  let activeHighMs = 0
  const resourceTypes = new Set<string>()
  return (batch) => {
    const { latest } = history
    if (latest === undefined) return
    const blocked = blockedMs()
    // What was told of a block must not be taken back when the next sample is still on its way.
    activeHighMs = Math.max(activeHighMs, latest.loopActiveMs + blocked)
    addLoopTime(batch, activeHighMs, latest.loopIdleMs)
    utilization = utilizationSince(before, latest, blocked) ?? utilization
    batch.add('nodejs.eventloop.utilization', utilization)
    before = latest
    delays = mergeDelays(history.since(cursor)) ?? delays
    cursor = history.cursor
    addDelays(batch, delays, blocked)
    addHeap(batch, latest)
    for (const counts of latest.gc) {
      batch.addHistogram('v8js.gc.duration', toHistogram(counts), { 'v8js.gc.type': counts.kind })
    }
    for (const type of Object.keys(latest.resources)) resourceTypes.add(type)
    // A type that is gone is told as none, or its last count would stand for ever.
    for (const type of resourceTypes) {
      const count = latest.resources[type] ?? 0
      batch.add('v8js.resource.active', count, { 'v8js.resource.type': type })
    }
  }
}

function addLoopTime(batch: MetricBatch, activeMs: number, idleMs: number): void {
  batch.add('nodejs.eventloop.time', activeMs / 1000, { 'nodejs.eventloop.state': 'active' })
  batch.add('nodejs.eventloop.time', idleMs / 1000, { 'nodejs.eventloop.state': 'idle' })
}

/** Undefined when no sample has come in since the last look and nothing is blocked. */
function utilizationSince(
  before: RuntimeSample | undefined,
  latest: RuntimeSample,
  blockedMs: number,
): number | undefined {
  const activeMs = latest.loopActiveMs - (before?.loopActiveMs ?? 0) + blockedMs
  const idleMs = latest.loopIdleMs - (before?.loopIdleMs ?? 0)
  return activeMs + idleMs > 0 ? activeMs / (activeMs + idleMs) : undefined
}

function addDelays(batch: MetricBatch, delays: MergedDelays | undefined, blockedMs: number): void {
  if (delays === undefined) return
  const add = (name: string, ms: number) => batch.add(`nodejs.eventloop.delay.${name}`, ms / 1000)
  add('min', delays.minMs)
  add('max', Math.max(delays.maxMs, blockedMs))
  add('mean', delays.meanMs)
  add('stddev', delays.stddevMs)
  add('p50', delays.p50Ms)
  add('p90', delays.p90Ms)
  add('p99', delays.p99Ms)
}

function addHeap(batch: MetricBatch, sample: RuntimeSample): void {
  batch.add('nodejs.heap.limit', sample.heapLimitBytes)
  batch.add('nodejs.heap.floor', sample.heapFloorBytes)
  for (const { name, used, size, available, physical } of sample.heapSpaces) {
    const attributes = { 'v8js.heap.space.name': name }
    batch.add('v8js.memory.heap.used', used, attributes)
    batch.add('v8js.memory.heap.space.size', size, attributes)
    batch.add('v8js.memory.heap.space.available_size', available, attributes)
    batch.add('v8js.memory.heap.space.physical_size', physical, attributes)
  }
}

function toHistogram({ buckets, sumSeconds }: GcCounts): Histogram {
  return {
    buckets: { boundaries: [...GC_SECONDS], counts: [...buckets] },
    sum: sumSeconds,
    count: buckets.reduce((sum, count) => sum + count, 0),
  }
}
