import { type KernelFiles, toNumber } from './kernel-files.ts'

/** How long the calling thread has run or been ready to run, in ms. 0 where the system does not tell. */
export function readAwakeMs(files: KernelFiles): number {
  const [ran, waited] = (files.read('/proc/thread-self/schedstat') ?? '').split(' ').map(toNumber)
  return ((ran ?? 0) + (waited ?? 0)) / 1e6
}

/**
 * How long the main thread has been ready to run and without a processor, in ms, since it began. The
 * second number of schedstat: "time spent waiting on a runqueue", in nanoseconds
 * (docs.kernel.org/scheduler/sched-stats.html). 0 where the system does not tell.
 */
export function readRunQueueMs(files: KernelFiles): number {
  // The main thread is the one whose id is that of the process.
  const text = files.read(`/proc/self/task/${process.pid}/schedstat`) ?? ''
  return (toNumber(text.split(' ')[1]) ?? 0) / 1e6
}
