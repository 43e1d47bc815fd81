import type { Session } from 'node:inspector/promises'

/**
 * Begins to sample the thread of the session; resolves when the sampling has begun.
 *
 * V8 tells a profiler that begins of all code there is, and holds its lock for code events meanwhile. For optimized
 * code that inlined a function of another script it may have to find out where the lines of that script end, which
 * allocates. A full collection that begins there waits for its helpers, they wait for the lock, and the thread stands
 * still for good (nodejs/node#65140 is one form of it). To enable the debugger finds the ends of all lines, without the
 * lock; V8 keeps them, and does the same for each script that comes while it profiles.
 */
export async function startCpuProfile(
  session: Session,
  sampleEveryMicroseconds: number,
): Promise<void> {
  // Sent at once, in order: each round trip could wait for native code to return, and let more scripts come.
  await Promise.all([
    session.post('Debugger.enable'),
    session.post('Debugger.disable'),
    session.post('Profiler.enable'),
    session.post('Profiler.setSamplingInterval', { interval: sampleEveryMicroseconds }),
    session.post('Profiler.start'),
  ])
}
