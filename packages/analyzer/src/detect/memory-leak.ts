import type { BottleneckCandidate } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'
import { Figures } from './answers.ts'
import type { DetectContext, Suspicion, Threshold } from './detector.ts'
import { measure } from './evidence.ts'
import { HEAP_GROWTH, type HeapGrowth, judgeHeapGrowth } from './heap-growth.ts'
import { impactOf } from './impact.ts'
import type { Point } from './line-fit.ts'
import { durationText, select } from './promql-text.ts'
import { resourceOf, serviceName } from './resource.ts'
import { bytes, percent, span } from './wording.ts'
import { worstOfEachService } from './worst-instance.ts'

/** From when on a leak is urgent; what growth is a leak is in heap-growth.ts. */
export const MEMORY_LEAK = {
  ...HEAP_GROWTH,
  growthPerSecond: {
    value: 10 * 1024,
    unit: 'By/s',
    reason: 'about 1 GiB a day: slower growth is not told from changing use within an hour',
  },
  criticalSecondsLeft: {
    value: 3600,
    unit: 's',
    reason: 'the process dies within the hour; nobody on call may be sleeping',
  },
  warningSecondsLeft: {
    value: 86_400,
    unit: 's',
    reason: 'slower leaks are cleared by the next deploy, and are worth knowing',
  },
} as const satisfies Record<string, Threshold>

/** A leak may show in a minute or in an hour; the longest time that shows it is the surest. */
const HORIZONS_MS = [60, 15, 5].map((minutes) => minutes * 60_000)
const POINTS = 300

const FLOOR = 'nodejs_heap_floor_bytes'
const LIMIT = 'nodejs_heap_limit_bytes'
const USED = select('v8js_memory_heap_used_bytes', { v8js_heap_space_name: { not: 'new_.*' } })
const BY = ['job', 'instance']

/** Heap that grows without end: what is in use after each major collection keeps rising in a line. */
export function detectMemoryLeak(context: DetectContext): readonly Suspicion[] {
  const limits = new Figures(context, `max by (job, instance) (${LIMIT})`, BY)
  const leaks = new Map<string, Leak>()
  for (const horizonMs of HORIZONS_MS) {
    // Looked at only where collections are few: over an hour it is three hundred points of each instance.
    let histories: Map<string, History> | undefined
    const usedOf = (key: string) => {
      histories ??= readHistory(context, `sum by (job, instance) (${USED})`, horizonMs)
      return histories.get(key)?.points ?? []
    }
    for (const [key, floor] of readHistory(
      context,
      `max by (job, instance) (${FLOOR})`,
      horizonMs,
    )) {
      if (leaks.has(key)) continue
      const { labels, points, young } = floor
      const growth = judgeHeapGrowth({ floor: points, used: () => usedOf(key), young })
      if (growth === undefined || growth.bytesPerSecond < MEMORY_LEAK.growthPerSecond.value)
        continue
      leaks.set(key, { labels, growth, limit: limits.of(labels) })
    }
  }
  return worstOfEachService([...leaks.values()], ({ growth }) => growth.bytesPerSecond).map(
    (leak) => (own) => [describe(own, leak)],
  )
}

interface History {
  readonly labels: Labels
  readonly points: readonly Point[]
  readonly young: boolean
}

function readHistory(context: DetectContext, query: string, horizonMs: number) {
  // Whole seconds keep the points where they are from one evaluation to the next, as far as they can.
  const stepMs = Math.max(1, Math.round(horizonMs / POINTS / 1000)) * 1000
  const startMs = context.nowMs - horizonMs
  const histories = new Map<string, History>()
  for (const { labels, points } of context.queryRange(query, startMs, context.nowMs, stepMs)) {
    const firstMs = points[0]?.[0] ?? context.nowMs
    histories.set(JSON.stringify([labels.job, labels.instance]), {
      labels,
      points: points.map(([timeMs, value]) => [timeMs / 1000, value] as const),
      young: firstMs > startMs + stepMs,
    })
  }
  return histories
}

interface Leak {
  readonly labels: Labels
  readonly growth: HeapGrowth
  readonly limit: number | undefined
}

function describe(context: DetectContext, { labels, growth, limit }: Leak): BottleneckCandidate {
  const secondsLeft =
    limit === undefined ? Infinity : Math.max(0, limit - growth.endBytes) / growth.bytesPerSecond
  const severity = severityOf(secondsLeft)
  const end =
    limit === undefined || !Number.isFinite(secondsLeft)
      ? ''
      : `; at this rate it reaches its limit of ${bytes(limit)} in ${span(secondsLeft)}`
  return {
    type: 'memory.leak',
    severity,
    resource: resourceOf(labels),
    component: 'heap',
    operation: 'retained objects',
    summary:
      `The heap of ${serviceName(labels)} leaks: after major collections ${bytes(growth.startBytes)} became ` +
      `${bytes(growth.endBytes)} in ${span(growth.seconds)}, ${bytes(growth.bytesPerSecond * 60)} a minute${end}`,
    impact: impactOf({
      severity,
      // What the leak will have taken of the room that is left by this time tomorrow.
      share: {
        value: Math.min(1, MEMORY_LEAK.warningSecondsLeft.value / Math.max(1, secondsLeft)),
        of: 'the free heap within a day',
      },
      reach: { value: 1, of: 'the requests, when it is used up' },
    }),
    confidence: growth.collections >= HEAP_GROWTH.collections.value ? 0.9 : 0.75,
    evidence: measure(context, claims(context, labels, growth, limit)),
  }
}

function severityOf(secondsLeft: number) {
  if (secondsLeft <= MEMORY_LEAK.criticalSecondsLeft.value) return 'critical'
  return secondsLeft <= MEMORY_LEAK.warningSecondsLeft.value ? 'warning' : 'info'
}

function claims(
  context: DetectContext,
  labels: Labels,
  growth: HeapGrowth,
  limit: number | undefined,
) {
  const { job = '', instance = '' } = labels
  const range = durationText(Math.max(context.windowMs, growth.seconds * 1000))
  const floor = select(FLOOR, { job })
  return [
    {
      what: `growth of the heap that survives major collections, worst instance, line of r² ${percent(growth.rSquared)}`,
      query: `max(deriv(${floor}[${range}]))`,
      unit: 'By/s',
      threshold: MEMORY_LEAK.growthPerSecond.value,
    },
    {
      what: 'heap in use after the last major collection',
      query: `max(${select(FLOOR, { job, instance })})`,
      unit: 'By',
      baseline: growth.startBytes,
    },
    ...(limit === undefined
      ? []
      : [{ what: 'heap limit', query: `max(${select(LIMIT, { job, instance })})`, unit: 'By' }]),
    {
      what: 'resident memory of the process',
      query: `max(${select('process_memory_usage_bytes', { job, instance })})`,
      unit: 'By',
    },
  ]
}
