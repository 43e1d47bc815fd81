import { type KernelFiles, toNumber } from './kernel-files.ts'

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
