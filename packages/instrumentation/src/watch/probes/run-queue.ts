import { type KernelFiles, toNumber } from './kernel-files.ts'

/** How long the calling thread has run or been ready to run, in ms. 0 where the system does not tell. */
export function readAwakeMs(files: KernelFiles): number {
  const [ran, waited] = (files.read('/proc/thread-self/schedstat') ?? '').split(' ').map(toNumber)
  return ((ran ?? 0) + (waited ?? 0)) / 1e6
}

/** What the system tells of the main thread. */
export interface MainThreadState {
  /** How long it has run since it began, in ms. */
  readonly ranMs: number
  /** Whether it sleeps in a call: it needs no processor now. */
  readonly isAsleep: boolean
}

/** The state of the main thread, seen from another thread; undefined where the system does not tell. */
export function readMainThread(files: KernelFiles): MainThreadState | undefined {
  // The main thread is the one whose id is that of the process.
  const directory = `/proc/self/task/${process.pid}`
  // The first number of schedstat: "time spent on the cpu", in nanoseconds (docs.kernel.org/scheduler/sched-stats.html).
  const ranNs = toNumber(files.read(`${directory}/schedstat`)?.split(' ')[0])
  const stat = files.read(`${directory}/stat`)
  if (ranNs === undefined || stat === undefined) return undefined
  // The name stands in brackets and may itself hold brackets. R is running or ready to; T is stopped.
  const state = stat.charAt(stat.lastIndexOf(')') + 2)
  return { ranMs: ranNs / 1e6, isAsleep: state === 'S' || state === 'D' }
}
