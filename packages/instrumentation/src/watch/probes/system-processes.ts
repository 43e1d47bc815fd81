import type { KernelFiles } from './kernel-files.ts'
import type { Probe } from './probe.ts'

const EVERY_MS = 10_000
/** One read costs about 15 microseconds; a host with more processes than this is counted no further. */
const PROCESSES_MAX = 2_000

/** The letter in /proc/<pid>/stat as `process.state`. */
const STATES: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'sleeping',
  I: 'sleeping',
  T: 'stopped',
  t: 'stopped',
  Z: 'defunct',
  X: 'defunct',
}

/** Processes that we can see, by state: `system.process.count`. Looked at every ten seconds at most. */
export function createProcessCountProbe(files: KernelFiles): Probe {
  let readAtMs = Number.NEGATIVE_INFINITY
  let counts: ReadonlyMap<string, number> = new Map()
  return (batch, { monotonicMs }) => {
    if (monotonicMs - readAtMs >= EVERY_MS) {
      readAtMs = monotonicMs
      counts = countProcesses(files)
    }
    for (const [state, count] of counts) {
      batch.add('system.process.count', count, { 'process.state': state })
    }
  }
}

function countProcesses(files: KernelFiles): ReadonlyMap<string, number> {
  const pids = files.list('/proc').filter((name) => /^\d+$/.test(name))
  const counts = new Map<string, number>()
  if (pids.length > PROCESSES_MAX) return counts
  for (const state of Object.values(STATES)) counts.set(state, 0)
  for (const pid of pids) {
    const stat = files.read(`/proc/${pid}/stat`) ?? ''
    // The name stands in brackets and may itself hold brackets and blanks.
    const state = STATES[stat.charAt(stat.lastIndexOf(')') + 2)]
    if (state !== undefined) counts.set(state, (counts.get(state) ?? 0) + 1)
  }
  return counts
}
