import type { Detector, Threshold } from './detector.ts'
import { overThreshold } from './over-threshold.ts'
import { increaseWithBirth, select } from './promql-text.ts'
import { serviceName } from './resource.ts'
import { percent } from './wording.ts'

/** From when on synchronous I/O is a bottleneck. */
export const EVENTLOOP_SYNC_IO = {
  blockedShare: {
    value: 0.02,
    unit: '1',
    reason:
      'one request in fifty waits for a disk or a child process that others could have waited for',
  },
  criticalBlockedShare: {
    value: 0.15,
    unit: '1',
    reason: 'one request in seven waits for it, and one process can do no more than this',
  },
  stalls: { value: 3, unit: '{stall}', reason: 'one or two are a start, not a habit' },
} as const satisfies Record<string, Threshold>

const STALL = 'nodejs_eventloop_blocked_duration_seconds'
const ALIVE = 'nodejs_eventloop_utilization_ratio'
/** Node's functions that wait for a disk, a child process or an embedded database on the calling thread. */
const SYNC_FUNCTION =
  '(.*[. ])?((readFile|writeFile|appendFile|copyFile|cp|open|close|readv?|writev?|readdir|opendir|[lf]?stat|statfs|exists|access|' +
  'mkdir|mkdtemp|rm|rmdir|unlink|rename|realpath|f?truncate|f?sync|exec|execFile|spawn)Sync|(DatabaseSync|StatementSync)[. ].*)'

const stalls = (suffix: string, window: string, job?: string) =>
  increaseWithBirth(
    select(`${STALL}${suffix}`, { job, code_function_name: { matches: SYNC_FUNCTION } }),
    window,
    select(ALIVE, { job }),
  )

/** Files, child processes or databases that are waited for on the main thread. */
export const detectSyncIo: Detector = (context) => {
  const windowSeconds = Math.max(1, Math.round(context.windowMs / 1000))
  return overThreshold({
    type: 'eventloop.sync_io',
    component: 'event loop',
    operation: 'synchronous I/O',
    by: ['job', 'instance'],
    figure: (window) => `sum by (job, instance) (${stalls('_sum', window)}) / ${windowSeconds}`,
    and: (window) =>
      `sum by (job, instance) (${stalls('_count', window)}) >= ${EVENTLOOP_SYNC_IO.stalls.value}`,
    warning: EVENTLOOP_SYNC_IO.blockedShare,
    critical: EVENTLOOP_SYNC_IO.criticalBlockedShare,
    summary: (labels, value) =>
      `${serviceName(labels)} waits for synchronous I/O on its main thread ${percent(value)} of the time, and answers nobody meanwhile`,
    share: (value) => ({ value, of: 'the time of the main thread' }),
    confidence: 0.9,
    claims: ({ job = '' }, window) => [
      {
        what: 'part of the time that synchronous calls block the event loop, worst instance',
        query: `(max(sum by (instance) (${stalls('_sum', window, job)})) or 0 * max(${select(ALIVE, { job })})) / ${windowSeconds}`,
        unit: '1',
        threshold: EVENTLOOP_SYNC_IO.blockedShare.value,
      },
      {
        what: `such stalls in ${window}`,
        query: `sum(${stalls('_count', window, job)})`,
        unit: '{stall}',
        threshold: EVENTLOOP_SYNC_IO.stalls.value,
      },
    ],
  })(context)
}
