import type { BottleneckCandidate, ProfileFrame } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'
import { Figures } from './answers.ts'
import type { DetectContext, Suspicion, Threshold } from './detector.ts'
import { measure } from './evidence.ts'
import { impactOf } from './impact.ts'
import { durationText, increaseWithBirth, select } from './promql-text.ts'
import { resourceOf, serviceName } from './resource.ts'
import { readTraffic, type Traffic } from './traffic.ts'
import { percent, seconds, whole } from './wording.ts'
import { worstOfEachService } from './worst-instance.ts'

/** From when on stalls of the event loop are a bottleneck. */
export const EVENTLOOP_BLOCKED = {
  blockedShare: {
    value: 0.03,
    unit: '1',
    reason:
      'a stall that happens now and then is start-up or a neighbour; 3 % hits one request in thirty',
  },
  criticalBlockedShare: {
    value: 0.15,
    unit: '1',
    reason: 'one request in seven waits for the stall, and one process can do no more than this',
  },
  stalls: { value: 3, unit: '{stall}', reason: 'one or two long tasks are a start, not a habit' },
  pressure: {
    value: 0.5,
    unit: '1',
    reason:
      'half of the time something on the machine waits for a processor: it also stops this process',
  },
  topFrameShare: {
    value: 0.3,
    unit: '1',
    reason: 'code that blocks is where it blocks; a process that was stopped stands in any line',
  },
} as const satisfies Record<string, Threshold>

const STALL = 'nodejs_eventloop_blocked_duration_seconds'
/** Every instance of a Node.js service reports it with each export. */
const ALIVE = 'nodejs_eventloop_utilization_ratio'
const PRESSURE = select('system_linux_psi_avg10_ratio', {
  system_psi_resource: 'cpu',
  system_psi_kind: 'some',
})
const BY = ['job', 'instance']
const FRAME = ['code_function_name', 'code_file_path', 'code_line_number']
const FRAMES_MAX = 5

/** Code that keeps the event loop of an instance busy for long, again and again, with its frames. */
export function detectBlockedEventLoop(context: DetectContext): readonly Suspicion[] {
  const window = durationText(context.windowMs)
  const recent = durationText(context.windowMs / 2)
  const ask = (suffix: string, range: string) =>
    new Figures(context, `sum by (job, instance) (${stalls(suffix, range)})`, BY)
  const counts = ask('_count', window)
  const late = ask('_count', recent)
  const traffic = readTraffic(context, BY)
  const found: Stalls[] = []
  for (const { labels, value: blocked } of ask('_sum', window).rows()) {
    const stallCount = counts.of(labels) ?? 0
    const share = blocked / (context.windowMs / 1000)
    const { blockedShare, stalls: stallsMin } = EVENTLOOP_BLOCKED
    if (share < blockedShare.value || stallCount < stallsMin.value) continue
    // A burst that is over, as at a start, is not what limits the service now.
    if ((late.of(labels) ?? 0) < 1) continue
    found.push({ labels, share, stallCount, traffic: traffic.of(labels) })
  }
  const pressure = new Figures(
    context,
    `max by (job, instance) (avg_over_time(${PRESSURE}[${window}]))`,
    BY,
  )
  return worstOfEachService(found, ({ share }) => share).map((stalled) => (own) => {
    const frames = readFrames(own, stalled.labels)
    const stopped = isStoppedByTheMachine(pressure.of(stalled.labels) ?? 0, frames)
    return stopped ? [] : [describe(own, stalled, frames)]
  })
}

/** The machine takes the processor away from this process: nothing here is to be changed. */
function isStoppedByTheMachine(pressure: number, frames: readonly ProfileFrame[]): boolean {
  const scattered = (frames[0]?.share ?? 0) < EVENTLOOP_BLOCKED.topFrameShare.value
  return scattered && pressure >= EVENTLOOP_BLOCKED.pressure.value
}

function stalls(suffix: string, range: string, tests: Labels = {}): string {
  return increaseWithBirth(select(`${STALL}${suffix}`, tests), range, select(ALIVE, tests))
}

interface Stalls {
  readonly labels: Labels
  /** Seconds blocked a second. */
  readonly share: number
  readonly stallCount: number
  readonly traffic: Traffic | undefined
}

/** Where the loop was, by the time it was there. */
function readFrames(context: DetectContext, labels: Labels): ProfileFrame[] {
  const { job = '', instance = '' } = labels
  const frames = new Figures(
    context,
    `sum by (${FRAME.join(', ')}) (${stalls('_sum', durationText(context.windowMs), { job, instance })})`,
    FRAME,
  )
  const rows = [...frames.rows()].filter(({ value }) => value > 0)
  const total = rows.reduce((sum, { value }) => sum + value, 0)
  return rows
    .filter(({ labels }) => labels.code_function_name || labels.code_file_path)
    .sort((a, b) => b.value - a.value)
    .slice(0, FRAMES_MAX)
    .map(({ labels, value }) => ({
      function: labels.code_function_name || '(anonymous)',
      file: labels.code_file_path ?? '',
      line: Number(labels.code_line_number ?? 0) || 0,
      share: Number((value / total).toFixed(4)),
    }))
}

function describe(
  context: DetectContext,
  { labels, share, stallCount, traffic }: Stalls,
  frames: readonly ProfileFrame[],
): BottleneckCandidate {
  const severity =
    share >= EVENTLOOP_BLOCKED.criticalBlockedShare.value ? 'critical' : ('warning' as const)
  const stallSeconds = (share * context.windowMs) / 1000 / stallCount
  const lost = timeLost(share, stallSeconds, traffic)
  const top = frames[0]
  const where =
    top === undefined
      ? ''
      : `, ${percent(top.share)} of it in ${top.function} (${top.file}:${top.line})`
  return {
    type: 'eventloop.blocked',
    severity,
    resource: resourceOf(labels),
    component: 'event loop',
    operation: 'main thread',
    summary:
      `The event loop of ${serviceName(labels)} is blocked ${percent(share)} of the time: ` +
      `${whole(stallCount)} stalls in ${durationText(context.windowMs)}, ${seconds(stallSeconds)} each${where}`,
    impact: impactOf({
      severity,
      share: {
        value: traffic === undefined ? share : lost / traffic.meanSeconds,
        of: 'the time of a request',
      },
      reach: { value: 1, of: 'the requests' },
      savingMs: 1000 * lost,
    }),
    confidence: top === undefined ? 0.75 : 0.95,
    evidence: measure(context, claims(context, labels)),
    ...(frames.length === 0 ? {} : { profile: { frames } }),
  }
}

/**
 * Seconds that stalls cost a request on average. A request that comes during a stall (their share is
 * `share`) waits for half of it; and each stall is part of the request, or of the timer, that caused it.
 */
function timeLost(share: number, stallSeconds: number, traffic: Traffic | undefined): number {
  if (traffic === undefined) return 0
  const lost = (share * stallSeconds) / 2 + share / traffic.requestsPerSecond
  return Math.min(lost, traffic.meanSeconds)
}

function claims(context: DetectContext, labels: Labels) {
  const window = durationText(context.windowMs)
  const windowSeconds = Math.max(1, Math.round(context.windowMs / 1000))
  const { job = '' } = labels
  const worst = (suffix: string) =>
    `(max(sum by (instance) (${stalls(suffix, window, { job })})) or 0 * max(${select(ALIVE, { job })}))`
  return [
    {
      what: 'part of the time that the event loop of the worst instance is blocked',
      query: `${worst('_sum')} / ${windowSeconds}`,
      unit: '1',
      threshold: EVENTLOOP_BLOCKED.blockedShare.value,
    },
    {
      what: `stalls in ${window}`,
      query: worst('_count'),
      unit: '{stall}',
      threshold: EVENTLOOP_BLOCKED.stalls.value,
    },
    {
      what: 'event loop utilization',
      query: `max(avg_over_time(${select(ALIVE, { job })}[${window}]))`,
      unit: '1',
    },
  ]
}
