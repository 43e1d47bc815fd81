import { readFileSync } from 'node:fs'

/** Processor time of the calling thread in seconds; undefined where the system does not tell. */
export function readThreadCpuSeconds(): number | undefined {
  // Node 22 does not have it.
  if (typeof process.threadCpuUsage === 'function') {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1e6
  }
  try {
    // The first number of schedstat: "time spent on the cpu", in nanoseconds.
    const [nanoseconds = ''] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')
    return Number(nanoseconds) / 1e9
  } catch {
    return undefined
  }
}
