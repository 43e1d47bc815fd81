import type { BottleneckCandidate } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'
import type { DetectContext, Suspicion, Threshold } from './detector.ts'
import { measure } from './evidence.ts'
import { impactOf } from './impact.ts'
import { fitLine, type Point } from './line-fit.ts'
import { durationText, select } from './promql-text.ts'
import { resourceOf, serviceName } from './resource.ts'
import { span, whole } from './wording.ts'
import { worstOfEachService } from './worst-instance.ts'

/** From when on growing numbers of open files and sockets are a leak. */
export const HANDLES_LEAK = {
  seconds: {
    value: 600,
    unit: 's',
    reason: 'connections come with load; only time tells them from a leak',
  },
  growth: {
    value: 100,
    unit: '{file_descriptor}',
    reason: 'pools and keep-alive connections are fewer',
  },
  growthShare: {
    value: 0.5,
    unit: '1',
    reason: 'against where it started; big services hold thousands',
  },
  rSquared: { value: 0.9, unit: '1', reason: 'a leak is a line; load goes up and down' },
  tailShare: { value: 0.3, unit: '1', reason: 'a leak goes on in the second half of the time' },
  growthPerSecond: {
    value: 0.02,
    unit: '{file_descriptor}/s',
    reason: 'about 70 an hour: the usual limit of 1024 is reached within a day',
  },
} as const satisfies Record<string, Threshold>

const DESCRIPTORS = 'process_unix_file_descriptor_count'
const HORIZON_MS = 3_600_000
const STEP_MS = 15_000

/** Open files and sockets that only ever become more. */
export function detectHandlesLeak(context: DetectContext): readonly Suspicion[] {
  const answer = context.queryRange(
    `max by (job, instance) (${DESCRIPTORS})`,
    context.nowMs - HORIZON_MS,
    context.nowMs,
    STEP_MS,
  )
  const leaks = answer.flatMap(({ labels, points }) => {
    const growth = judge(points.map(([timeMs, value]) => [timeMs / 1000, value] as const))
    return growth === undefined ? [] : [{ labels, growth }]
  })
  return worstOfEachService(leaks, ({ growth }) => growth.perSecond).map(
    ({ labels, growth }) =>
      (own) => [describe(own, labels, growth)],
  )
}

interface Growth {
  readonly from: number
  readonly to: number
  readonly seconds: number
  readonly perSecond: number
}

function judge(points: readonly Point[]): Growth | undefined {
  const first = points[0]
  const last = points.at(-1)
  const middle = points[Math.floor(points.length / 2)]
  if (first === undefined || last === undefined || middle === undefined) return undefined
  const seconds = last[0] - first[0]
  const growth = last[1] - first[1]
  const { slope, rSquared } = fitLine(points)
  const leaks =
    seconds >= HANDLES_LEAK.seconds.value &&
    growth >= HANDLES_LEAK.growth.value &&
    growth >= HANDLES_LEAK.growthShare.value * first[1] &&
    rSquared >= HANDLES_LEAK.rSquared.value &&
    last[1] - middle[1] >= HANDLES_LEAK.tailShare.value * growth &&
    slope >= HANDLES_LEAK.growthPerSecond.value
  return leaks ? { from: first[1], to: last[1], seconds, perSecond: slope } : undefined
}

function describe(context: DetectContext, labels: Labels, growth: Growth): BottleneckCandidate {
  const { job = '', instance = '' } = labels
  const range = durationText(Math.max(context.windowMs, growth.seconds * 1000))
  return {
    type: 'handles.leak',
    severity: 'warning',
    resource: resourceOf(labels),
    component: 'file descriptors',
    operation: 'open handles',
    summary:
      `${serviceName(labels)} opens files or sockets and does not close them: ${whole(growth.from)} became ` +
      `${whole(growth.to)} in ${span(growth.seconds)}`,
    impact: impactOf({
      severity: 'warning',
      share: { value: 1 - growth.from / growth.to, of: 'the open file descriptors' },
      reach: { value: 1, of: 'the requests, when none are left' },
    }),
    confidence: 0.85,
    evidence: measure(context, [
      {
        what: 'growth of open file descriptors, worst instance',
        query: `max(deriv(${select(DESCRIPTORS, { job })}[${range}]))`,
        unit: '{file_descriptor}/s',
        threshold: HANDLES_LEAK.growthPerSecond.value,
      },
      {
        what: 'open file descriptors',
        query: `max(${select(DESCRIPTORS, { job, instance })})`,
        unit: '{file_descriptor}',
        baseline: growth.from,
      },
    ]),
  }
}
